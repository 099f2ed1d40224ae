import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Kind, type FieldNode, type OperationDefinitionNode } from 'graphql';
import { loadConfig } from '../../src/config.js';
import { createRateLimiter } from '../../src/limits/rate-limiter.js';
import { createLogger } from '../../src/logger.js';
import type { Route } from '../../src/rest/route.js';
import { createDoors } from '../../src/server/doors.js';
import { Metrics } from '../../src/server/metrics.js';
import { OpenStreams } from '../../src/server/open-streams.js';
import type { TestApi } from './test-api.js';

/** The doors of a server on the API of a test: what needs a cluster finds what the test says of it. */
export async function openDoors(api: TestApi): Promise<{ url: string; close: () => Promise<void> }> {
  const logger = createLogger('silent');
  const config = loadConfig({ DATABASE_URL: api.database.url, APEX_SECRET_KEY: Buffer.alloc(32, 1).toString('base64'), APEX_NO_CLUSTER: '1', APEX_RATE_LIMIT: '0', NODE_ENV: 'test' });
  let handler: Parameters<typeof createServer>[1] = undefined;
  const http = createServer((req, res) => (handler as (...args: unknown[]) => void)(req, res));
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  const limiter = createRateLimiter(api.database.url, 0, logger);
  const { database, schema, operations, authenticate, orchestrator } = api;
  const streams = new OpenStreams(authenticate, logger);
  const doors = await createDoors({ http, config, url, dashboard: null, orm: database.orm, schema, operations, authenticate, streams, limiter, sessionLimiter: limiter, unsignedLimiter: limiter, orchestrator, metrics: new Metrics(), logger, isStopping: () => false });
  void streams.watch(api.events);
  handler = doors.app;
  return {
    url,
    close: async () => {
      await doors.stop();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** The field of the schema that a row of REST comes down to. */
export function coordinateOf({ operation }: Route): string {
  const { definition, field } = rootOf(operation);
  return `${definition.operation[0]!.toUpperCase()}${definition.operation.slice(1)}.${field.name.value}`;
}

/** The request of a row that calls its field with these arguments. */
export function requestOf(route: Route, args: Readonly<Record<string, unknown>>): { path: string; json: unknown } {
  const values: Record<string, unknown> = {};
  for (const { name, value } of rootOf(route.operation).field.arguments ?? []) if (value.kind === Kind.VARIABLE) values[value.name.value] = args[name.value];
  const path = Object.entries(route.params ?? {}).reduce((text, [param, place]) => text.replace(`:${param}`, String(values[place])), route.path);
  const query = new URLSearchParams(Object.entries(route.query ?? {}).filter(([, place]) => values[place] !== undefined).map(([name, place]): [string, string] => [name, String(values[place])]));
  const body = typeof route.body === 'string' ? values[route.body] : Object.fromEntries(Object.entries(route.body ?? {}).flatMap(([key, place]) => (values[place] === undefined ? [] : [[key, values[place]]])));
  const hasBody = route.method === 'POST' || route.method === 'PATCH';
  return { path: query.size > 0 ? `${path}?${query}` : path, json: hasBody && route.body ? body : undefined };
}

function rootOf(document: Route['operation']): { definition: OperationDefinitionNode; field: FieldNode } {
  const definition = document.definitions.find((one): one is OperationDefinitionNode => one.kind === Kind.OPERATION_DEFINITION)!;
  return { definition, field: definition.selectionSet.selections[0] as FieldNode };
}
