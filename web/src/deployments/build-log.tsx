import { useState } from 'react';
import { BuildLogsDocument } from '../../generated/operations.js';
import { useLive } from '../client/live-context.js';

interface Line {
  number: number;
  step: string | null;
  message: string;
}

const SHOWN_LINES = 2_000;

/** What a build says, from its first line on and as it comes; asked for when it is opened. */
export function BuildLog({ deploymentId, isRunning }: { deploymentId: string; isRunning: boolean }) {
  const [isOpen, setOpen] = useState(isRunning);
  return (
    <details open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Build log</summary>
      {isOpen && <Lines deploymentId={deploymentId} />}
    </details>
  );
}

function Lines({ deploymentId }: { deploymentId: string }) {
  const [lines, setLines] = useState<readonly Line[]>([]);
  const refusal = useLive(BuildLogsDocument, { deploymentId, after: null }, ({ buildLogs }) => {
    // A socket that is made anew begins anew: what came before is known by its number.
    setLines((known) => [...known, ...buildLogs.lines.filter(({ number }) => number > (known.at(-1)?.number ?? 0))].slice(-SHOWN_LINES));
  }, true);
  return (
    <div className="log" role="log" aria-live="off" aria-label="Build log" tabIndex={0}>
      {refusal && <p className="lost">{refusal}</p>}
      {(lines[0]?.number ?? 1) > 1 && <p className="lost">{lines[0]!.number - 1} older lines are not kept in this page.</p>}
      {lines.map(({ number, message }) => <p key={number}>{message}</p>)}
    </div>
  );
}
