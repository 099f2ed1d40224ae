import type { JsonSchema } from '../operation.js';
import { PROBLEM_TYPE } from './problem.js';
import { schemaAt } from './read-request.js';
import type { ServedRoute } from './route-table.js';
import { STATUS, TITLE } from './statuses.js';

const PROBLEM: JsonSchema = {
  title: 'Problem',
  description: 'An error, as RFC 9457 has it.',
  type: 'object',
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { type: 'string', enum: Object.keys(STATUS) },
    requestId: { type: 'string' },
    errors: { type: 'array', items: { type: 'object', properties: { path: { type: 'string' }, message: { type: 'string' } }, required: ['path', 'message'] } },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'requestId'],
};

/** The OpenAPI 3.1 document of the table, and of the paths of other doors. */
export function openApiOf(routes: readonly ServedRoute[], serverUrl: string, version: string, morePaths: Readonly<Record<string, Record<string, unknown>>> = {}): JsonSchema {
  const schemas = new Map<string, JsonSchema>([['Problem', PROBLEM]]);
  const paths: Record<string, Record<string, unknown>> = { ...morePaths };
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route, schemas) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Apex', version, description: 'Run containers on Kubernetes. All that REST can do, GraphQL can do with the same rules, at `/graphql`.' },
    servers: [{ url: serverUrl }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'An API token.' } },
      schemas: Object.fromEntries(schemas),
    },
  };
}

function operationOf(route: ServedRoute, schemas: Map<string, JsonSchema>): JsonSchema {
  const parameters = [...pathParameters(route), ...queryParameters(route), ...headerParameters(route)];
  const body = bodySchema(route);
  return {
    operationId: route.operation.definitions.map((definition) => ('name' in definition ? definition.name?.value : undefined)).find(Boolean),
    summary: route.summary,
    tags: [route.tag],
    ...(route.isPublic && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: { required: (body.required ?? []).length > 0, content: { 'application/json': { schema: hoisted(body, schemas) } } } }),
    responses: { 200: success(route, schemas), ...problems(route) },
  };
}

const pathParameters = (route: ServedRoute): object[] =>
  Object.entries(route.params ?? {}).map(([name, place]) => ({ name, in: 'path', required: true, schema: { ...schemaAt(route, place), format: 'uuid' } }));

function queryParameters(route: ServedRoute): object[] {
  const places = { ...route.query, ...(route.page && { limit: route.page.limit, cursor: route.page.cursor }) };
  const named = Object.entries(places).map(([name, place]) => ({ name, in: 'query', schema: schemaAt(route, place) }));
  const wait = { name: 'wait', in: 'query', description: 'Seconds to wait for its end.', schema: { type: 'integer', minimum: 0, maximum: 60 } };
  const follow = { name: 'follow', in: 'query', description: 'A stream of lines until you leave.', schema: { type: 'boolean' } };
  return [...named, ...(route.wait ? [wait] : []), ...(route.follow ? [follow] : [])];
}

const IDEMPOTENCY_KEY = {
  name: 'Idempotency-Key', in: 'header', schema: { type: 'string', maxLength: 255 },
  description: 'A name of your own for this request: sent again within 24 h it is answered as the first time and changes nothing more.',
};

const headerParameters = (route: ServedRoute): object[] =>
  route.method !== 'GET' ? [IDEMPOTENCY_KEY] : route.follow ? [{ name: 'Last-Event-ID', in: 'header', description: 'Cursor of the last line that was seen: the stream goes on behind it.', schema: { type: 'string' } }] : [];

function bodySchema(route: ServedRoute): JsonSchema | null {
  if (!route.body) return null;
  if (typeof route.body === 'string') return route.shape.variables[route.body]?.schema ?? null;
  const entries = Object.entries(route.body);
  const required = entries.filter(([, place]) => route.shape.variables[place]?.required).map(([key]) => key);
  return { type: 'object', properties: Object.fromEntries(entries.map(([key, place]) => [key, schemaAt(route, place)])), ...(required.length > 0 && { required }), additionalProperties: false };
}

/** The schema of what the interpreter answers, after the row's flattening. */
export function answerSchema(route: ServedRoute): JsonSchema {
  const schema = route.answer.reduce<JsonSchema>((within, key) => within.properties?.[key] ?? {}, route.shape.answer);
  if (!route.flatten) return schema;
  return schema.items ? { ...schema, items: flattened(schema.items, route.flatten) } : flattened(schema, route.flatten);
}

const flattened = (schema: JsonSchema, flatten: Readonly<Record<string, string>>): JsonSchema => ({
  ...schema,
  properties: { ...schema.properties, ...Object.fromEntries(Object.entries(flatten).map(([field, inner]) => [field, schema.properties?.[field]?.properties?.[inner] ?? {}])) },
});

function success(route: ServedRoute, schemas: Map<string, JsonSchema>): JsonSchema {
  if (route.isFile) return { description: 'The file. It is whole where it has as many bytes as Content-Length says.', headers: { 'Content-Disposition': { schema: { type: 'string' } } }, content: { 'application/octet-stream': { schema: { type: 'string', format: 'binary' } } } };
  const schema = hoisted(answerSchema(route), schemas);
  const streams = route.follow && { 'text/plain': { schema: { type: 'string' } }, 'application/x-ndjson': { schema: { type: 'string' } }, 'text/event-stream': { schema: { type: 'string' } } };
  const lines = route.ndjson && { 'application/x-ndjson': { schema: { type: 'string' } } };
  const headers = { 'X-Request-Id': { schema: { type: 'string' } }, ...(route.page && { Link: { description: 'Where the list goes on, when `limit` is given.', schema: { type: 'string' } } }) };
  return { description: 'Success', headers, content: { 'application/json': { schema }, ...streams, ...lines } };
}

function problems(route: ServedRoute): Record<string, unknown> {
  const statuses = new Set([400, 401, 403, 429, 500, 503]);
  if (route.params) statuses.add(404);
  if (route.method === 'POST' || route.method === 'PATCH') statuses.add(413).add(415);
  return Object.fromEntries(
    [...statuses].sort().map((status) => {
      const titles = Object.entries(STATUS).filter(([, of]) => of === status).map(([code]) => TITLE[code as keyof typeof TITLE]);
      const description = status === 503 && !route.needsCluster ? 'Unavailable' : titles.join(', or ');
      return [String(status), { description, content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } }];
    }),
  );
}

/** Moves each titled object to the components, once; one of the same title and another content stays where it is. */
function hoisted(schema: JsonSchema, schemas: Map<string, JsonSchema>): JsonSchema {
  const inside: JsonSchema = {
    ...schema,
    ...(schema.properties && { properties: Object.fromEntries(Object.entries(schema.properties).map(([name, inner]) => [name, hoisted(inner, schemas)])) }),
    ...(schema.items && { items: hoisted(schema.items, schemas) }),
  };
  if (!schema.title || !schema.properties) return inside;
  const nullable = Array.isArray(schema.type);
  const bare: JsonSchema = { ...inside, type: 'object' };
  delete bare.description;
  const known = schemas.get(schema.title);
  if (known && JSON.stringify(known) !== JSON.stringify(bare)) return inside;
  schemas.set(schema.title, bare);
  const reference = { $ref: `#/components/schemas/${schema.title}` };
  return nullable ? { anyOf: [reference, { type: 'null' }] } : reference;
}
