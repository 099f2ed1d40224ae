import { createHmac, randomUUID } from 'node:crypto';
import { SECRET } from './github.js';
import { RECEIVE, RECEIVE_GITEA } from './operations.js';
import type { Answer, TestApi } from './test-api.js';

/** A delivery as the door of GitHub's webhook hands it on, signed with the installation's secret. */
export async function receive(api: TestApi, event: string, payload: unknown, wish: { id?: string; service?: string; secret?: string } = {}): Promise<Answer> {
  const body = Buffer.from(JSON.stringify(payload));
  const signature = `sha256=${createHmac('sha256', wish.secret ?? SECRET).update(body).digest('hex')}`;
  return handOn(api, RECEIVE, body, { 'x-github-delivery': wish.id ?? randomUUID(), 'x-github-event': event, 'x-hub-signature-256': signature }, wish.service);
}

/** The same for Gitea's. */
export async function receiveFromGitea(api: TestApi, event: string, payload: unknown, wish: { id?: string; service?: string; secret?: string } = {}): Promise<Answer> {
  const body = Buffer.from(JSON.stringify(payload));
  const signature = createHmac('sha256', wish.secret ?? SECRET).update(body).digest('hex');
  return handOn(api, RECEIVE_GITEA, body, { 'x-gitea-delivery': wish.id ?? randomUUID(), 'x-gitea-event': event, 'x-gitea-signature': signature }, wish.service);
}

const handOn = (api: TestApi, operation: string, body: Buffer, headers: Record<string, string>, service?: string): Promise<Answer> =>
  api.runAs({ kind: 'system', name: 'webhook' }, operation, { input: { service: service ?? null, headers: Object.entries(headers).map(([name, value]) => ({ name, value })), body } });
