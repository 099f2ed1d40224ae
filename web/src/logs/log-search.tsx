import { useId, useState, type FormEvent } from 'react';
import { useClient } from 'urql';
import { ServiceLogHistoryDocument, type LogLevel } from '../../generated/operations.js';
import { refusalOf, type Refusal } from '../client/refusal.js';
import { Refused } from '../controls/refused.js';
import { LevelChoice } from './level-choice.js';
import type { LogLine } from './log-book.js';
import { LogEntry } from './log-entry.js';

const SPANS = { '1': 'the last hour', '24': 'the last day', '168': 'the last week' };
const HOUR_MS = 3_600_000;

/** Lines that outlived their containers, newest first, page by page. */
export function LogSearch({ serviceId, name, levels }: { serviceId: string; name: string; levels: readonly LogLevel[] }) {
  const id = useId();
  const client = useClient();
  const [text, setText] = useState('');
  const [level, setLevel] = useState<LogLevel | null>(null);
  const [hours, setHours] = useState('24');
  const [found, setFound] = useState<{ lines: readonly LogLine[]; asked: object; after: string | null } | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);

  const search = async (asked: object, before: readonly LogLine[], after: string | null): Promise<void> => {
    setAsking(true);
    setRefusal(null);
    const { data, error } = await client.query(ServiceLogHistoryDocument, { serviceId, ...asked, after }, { requestPolicy: 'network-only' });
    setAsking(false);
    if (error) return setRefusal(refusalOf(error));
    const { nodes = [], pageInfo } = data?.serviceLogHistory ?? {};
    setFound({ lines: [...before, ...nodes], asked, after: pageInfo?.hasNextPage ? pageInfo.endCursor : null });
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    void search({ filter: { text: text || null, level }, since: new Date(Date.now() - Number(hours) * HOUR_MS).toISOString() }, [], null);
  };
  return (
    <section aria-labelledby={`${id}-title`}>
      <form className="heading" role="search" onSubmit={submit}>
        <h2 id={`${id}-title`}>Older lines</h2>
        <div className="filters">
          <label>Text <input type="search" autoFocus spellCheck={false} value={text} onChange={(event) => setText(event.target.value)} /></label>
          <LevelChoice levels={levels} level={level} choose={setLevel} />
          <label>In <select value={hours} onChange={(event) => setHours(event.target.value)}>{Object.entries(SPANS).map(([value, title]) => <option key={value} value={value}>{title}</option>)}</select></label>
          <button className="main" disabled={isAsking}>Search</button>
        </div>
      </form>
      <Refused refusal={refusal} />
      <div className="log" aria-label={`Older lines of ${name}`} role="region" tabIndex={0}>
        {!found && <p className="hint">Lines that outlived their containers, newest first. A line is here some seconds after it was written.</p>}
        {found?.lines.length === 0 && <p className="hint">{found.after === null ? 'There is no line like this.' : 'None so far; there is more to look through.'}</p>}
        {found?.lines.map((line, index) => <LogEntry key={index} entry={{ number: index, kind: 'line', line }} isDated />)}
        {found?.after && <button disabled={isAsking} onClick={() => void search(found.asked, found.lines, found.after)}>Older</button>}
      </div>
    </section>
  );
}
