import { useEffect, useId, useLayoutEffect, useRef, useState } from 'react';
import type { LogLevel } from '../../generated/operations.js';
import { useIsCut } from '../client/live-context.js';
import { LevelChoice } from './level-choice.js';
import { LogEntry } from './log-entry.js';
import { useLog } from './use-log.js';

const TYPED_MS = 300;
/** So near to its end, the log is read at its end. */
const NEAR_PX = 24;

/** The live log of a service: it goes along with what comes until one scrolls up or holds it. */
export function LogView({ serviceId, name, levels }: { serviceId: string; name: string; levels: readonly LogLevel[] }) {
  const id = useId();
  const [typed, setTyped] = useState('');
  const [text, setText] = useState('');
  const [level, setLevel] = useState<LogLevel | null>(null);
  const [isHeld, setHeld] = useState(false);
  const { entries, letGo, state } = useLog({ serviceId, text, level });
  const isCut = useIsCut();
  const box = useRef<HTMLDivElement>(null);

  useEffect(() => {
    const timer = setTimeout(() => setText(typed), TYPED_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  // Other lines are read from their end again.
  useEffect(() => setHeld(false), [text, level]);
  useLayoutEffect(() => {
    if (!isHeld && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [entries, isHeld]);
  const scrolled = (): void => {
    const { scrollTop, scrollHeight, clientHeight } = box.current as HTMLDivElement;
    setHeld(scrollHeight - scrollTop - clientHeight > NEAR_PX);
  };

  const isAway = isCut || state.kind === 'waiting';
  return (
    <section aria-labelledby={`${id}-title`}>
      <div className="heading">
        <h2 id={`${id}-title`}>Live log</h2>
        <span role="status" className="hint">{isAway ? 'connecting again …' : state.kind === 'following' ? (isHeld ? 'held' : 'following') : state.kind === 'beginning' ? 'connecting …' : 'ended'}</span>
        <div className="filters">
          <label>Text <input type="search" spellCheck={false} value={typed} onChange={(event) => setTyped(event.target.value)} /></label>
          <LevelChoice levels={levels} level={level} choose={setLevel} />
          <button aria-pressed={isHeld} onClick={() => setHeld(!isHeld)}>{isHeld ? 'Go on' : 'Hold'}</button>
        </div>
      </div>
      {(state.kind === 'waiting' || state.kind === 'refused') && <p className="notice" role="alert">{state.why}</p>}
      <div ref={box} className="log" role="log" aria-live="off" aria-label={`Log of ${name}`} tabIndex={0} onScroll={scrolled}>
        {letGo > 0 && <p className="lost">{letGo} older {letGo === 1 ? 'line is' : 'lines are'} not kept in this page.</p>}
        {entries.length === 0 && state.kind === 'following' && <p className="hint">{text || level ? 'No line like this has come yet.' : 'Nothing has been said yet.'}</p>}
        {entries.map((entry) => <LogEntry key={entry.number} entry={entry} />)}
      </div>
    </section>
  );
}
