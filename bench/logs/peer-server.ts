/**
 * What Apex is held against: `raw` sends each line to each socket with ws and nothing else; `stock` is graphql-ws as its
 * documentation sets it up, with a subscription for each reader, given the same batches as Apex makes.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPubSub } from '@graphql-yoga/subscription';
import { GraphQLBoolean, GraphQLID, GraphQLInt, GraphQLList, GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { LINE_BYTES } from './raw-reader.ts';

const LINES_A_SECOND = 100;
const BATCH_MS = 45;

interface Line {
  timestamp: string;
  replica: string;
  stream: string | null;
  message: string;
  cursor: string;
}

const mode = process.argv[2];
const http = createServer((_req, res) => void res.end('ok'));
const put = mode === 'raw' ? raw() : stock();
let written = 0;
// No line is made up for that came too late: with a thousand readers a processor cannot send so many, and would do nothing else.
setInterval(() => put((written += 1)), 1000 / LINES_A_SECOND);
http.listen(0, '127.0.0.1', () => process.send?.({ url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/` }));
process.on('SIGTERM', () => process.exit(0));

function raw(): (number: number) => void {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  return (number) => {
    const line = `${Date.now()} line ${number}`.padEnd(LINE_BYTES);
    for (const client of server.clients) client.send(line);
  };
}

function stock(): (number: number) => void {
  const text = { type: GraphQLString };
  const line = new GraphQLObjectType({ name: 'LogLine', fields: { timestamp: text, replica: text, stream: text, message: text, cursor: text } });
  const batch = new GraphQLObjectType({ name: 'LogBatch', fields: { lines: { type: new GraphQLList(line) }, dropped: { type: GraphQLInt }, gap: { type: GraphQLBoolean }, cursor: text } });
  const pubSub = createPubSub<{ batch: [{ serviceLogs: object }] }>();
  const schema = new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: { ok: text } }),
    subscription: new GraphQLObjectType({ name: 'Subscription', fields: { serviceLogs: { type: batch, args: { serviceId: { type: GraphQLID }, tail: { type: GraphQLInt } }, subscribe: () => pubSub.subscribe('batch') } } }),
  });
  useServer({ schema }, new WebSocketServer({ server: http, path: '/', perMessageDeflate: false }));
  let lines: Line[] = [];
  setInterval(() => {
    if (lines.length > 0) pubSub.publish('batch', { serviceLogs: { lines, dropped: 0, gap: false, cursor: lines.at(-1)?.cursor } });
    lines = [];
  }, BATCH_MS);
  return (number) => void lines.push({ timestamp: new Date().toISOString(), replica: 'writer-6b589bcf46-98fnp', stream: null, message: `line ${number}`.padEnd(99), cursor: Buffer.from(`1/${number}/6b589bcf46-98fnp.0:0:0`.padEnd(44)).toString('base64url') });
}
