import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface AuditEvent {
  verb: string;
  userAgent: string;
  requestReceivedTimestamp: string;
  objectRef?: { resource: string; namespace?: string; name?: string };
}

/** Writes of our servers (by their user agent) in these namespaces since then, as the API server itself has noted them: "patch deployments/web". */
export function writesSince(since: Date, namespaces: ReadonlySet<string>): string[] {
  const folder = join(process.env.APEX_NODE_DIR ?? '/var/lib/apex-node', 'logs');
  const files = readdirSync(folder).filter((name) => /^audit.*\.log$/.test(name));
  return files
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
    .filter((line) => line.includes('"userAgent":"apex/'))
    .map((line) => JSON.parse(line) as AuditEvent)
    .filter(({ requestReceivedTimestamp, objectRef }) => new Date(requestReceivedTimestamp) >= since && namespaces.has(objectRef?.namespace ?? ''))
    .map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}/${objectRef?.name}`);
}
