import { useState } from 'react';
import type { LogLevel } from '../../generated/operations.js';
import { LogSearch } from './log-search.js';
import { LogView } from './log-view.js';

const LEVELS: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];

/** The log of a service: as it comes, and beside it, when asked for, what its containers that are gone have said. */
export function Logs({ serviceId, name }: { serviceId: string; name: string }) {
  const [isSearching, setSearching] = useState(false);
  return (
    <>
      <LogView serviceId={serviceId} name={name} levels={LEVELS} />
      <p><button aria-expanded={isSearching} onClick={() => setSearching(!isSearching)}>Search older lines</button></p>
      {isSearching && <LogSearch serviceId={serviceId} name={name} levels={LEVELS} />}
    </>
  );
}
