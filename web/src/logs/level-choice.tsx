import type { LogLevel } from '../../generated/operations.js';

/** From which level on lines are wanted; null: all. */
export function LevelChoice({ levels, level, choose }: { levels: readonly LogLevel[]; level: LogLevel | null; choose: (level: LogLevel | null) => void }) {
  return (
    <label>Level <select value={level ?? ''} onChange={(event) => choose((event.target.value || null) as LogLevel | null)}>
      <option value="">all</option>
      {levels.map((one) => <option key={one} value={one}>{one.toLowerCase()} and worse</option>)}
    </select></label>
  );
}
