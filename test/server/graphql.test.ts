import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { auditServer } from 'graphql-http';
import { getIntrospectionQuery } from 'graphql';
import { graphql, http, type HttpAnswer } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

const nested = (depth: number): string => `{ services { nodes { ${deep(depth)} } } }`;
const deep = (depth: number): string => (depth === 0 ? 'id' : `latestDeployment { ${deep(depth - 1)} }`);

describe('GraphQL over HTTP', () => {
  let server: TestServer;
  let production: TestServer;

  beforeAll(async () => {
    server = await startTestServer();
    production = await startTestServer({ env: { NODE_ENV: 'production' } });
  });
  afterAll(() => Promise.all([server?.stop(), production?.stop()]));

  it('passes the audit of the protocol without an error', async () => {
    const results = await auditServer({
      url: `${production.url}/graphql`,
      fetchFn: (url: string, init: RequestInit = {}) => fetch(url, { ...init, headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${production.token}` } }),
    });
    expect(results.filter(({ status }) => status === 'error').map((result) => result.name)).toEqual([]);
    expect(results.filter(({ status }) => status === 'ok').length).toBeGreaterThan(50);
  });

  it.each<[string, string, RegExp]>([
    ['too deep', nested(20), /nested deeper than 12/],
    ['too broad', `{ viewer { ${'id '.repeat(81)} } }`, /more than 80 fields in one selection/],
    ['too many aliases', `{ viewer { ${Array.from({ length: 31 }, (_, n) => `a${n}: id`).join(' ')} } }`, /more than 30 aliases/],
    ['too many root fields', `{ ${'__typename '.repeat(21)} }`, /more than 20 root fields/],
    ['too many directives', `{ viewer { ${'id @include(if: true) '.repeat(21)} } }`, /more than 20 directives/],
    ['too many tokens', `{ viewer { ${'id '.repeat(1600)} } }`, /1500 tokens/],
    ['too many fields by fragments', `{ viewer { ...a } } ${chain('a', 9)}`, /more than \d+ (fields|aliases)/],
    ['fragments in a circle', '{ viewer { ...a } } fragment a on Account { ...b } fragment b on Account { ...a }', /circle/],
    ['an operation beside a bomb of definitions', `{ viewer { id } } ${Array.from({ length: 40 }, (_, n) => `fragment f${n} on Account { id }`).join(' ')}`, /more than 30 definitions/],
    ['a megabyte of nothing', `{ viewer { id } } #${'x'.repeat(900_000)}${'\n{'.repeat(5_000)}`, /./],
    ['not GraphQL', '{ viewer {', /Syntax Error/],
    ['not in the schema', '{ nothing }', /Cannot query field/],
    ['overlapping fields without end', `{ ${'services { nodes { id } } '.repeat(18)} }`, /.*/],
  ])('answers in time when the document is %s', async (_what, query, message) => {
    await graphql(server.url, server.token, '{ __typename }');
    const ask = async (): Promise<{ answer: HttpAnswer; cost: number }> => {
      const before = process.cpuUsage();
      const answer = await graphql(server.url, server.token, query);
      const { user, system } = process.cpuUsage(before);
      return { answer, cost: (user + system) / 1000 };
    };
    // The server is in this process: what an answer costs, however busy the machine is with others. A bomb costs it each time; garbage of other tests is collected once.
    let { answer, cost } = await ask();
    for (let more = 4; more > 0 && cost >= 100; more -= 1) ({ answer, cost } = await ask());
    expect(cost).toBeLessThan(100);
    if (answer.status === 200) return;
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] } });
    expect(answer.body.errors[0].message).toMatch(message);
    expect(answer.body).not.toHaveProperty('data');
    expect(answer.text).not.toMatch(/\.js|node_modules|stack/);
  });

  it('refuses batches, and requests that are none', async () => {
    expect((await http(`${server.url}/graphql`, { token: server.token, json: [{ query: '{ viewer { id } }' }] })).status).toBe(400);
    expect((await http(`${server.url}/graphql`, { token: server.token, raw: '{"query":', headers: { 'content-type': 'application/json' } })).status).toBe(400);
    expect((await http(`${server.url}/graphql`, { token: server.token, raw: 'query', headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await http(`${server.url}/graphql`, { token: server.token, raw: JSON.stringify({ query: 'x'.repeat(1 << 20) }), headers: { 'content-type': 'application/json' } })).status).toBe(413);
  });

  it('tells who has no token, and gives each error its code and the id of the request', async () => {
    const nobody = await graphql(server.url, null, '{ viewer { id } }');
    expect(nobody).toMatchObject({ status: 401, body: { errors: [{ extensions: { code: 'UNAUTHENTICATED', requestId: nobody.headers.get('x-request-id') } }] } });
    expect(nobody.headers.get('www-authenticate')).toBe('Bearer');
    expect((await graphql(server.url, 'apex_unknown', '{ __typename }')).status).toBe(401);

    const refused = await graphql(server.url, server.token, 'mutation ($input: DeployServiceInput!) { deployService(input: $input) { id } }', { input: { name: 'a', image: 'nginx', env: { A: 'c4n4ry' }, repliques: 2, replicas: 'three' } });
    expect(refused).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'BAD_REQUEST', requestId: refused.headers.get('x-request-id'), faults: [{ path: 'input.replicas' }, { path: 'input.repliques', message: 'is not a known field' }] } }] } });
    expect(refused.text).not.toContain('c4n4ry');

    const missing = await graphql(server.url, server.token, '{ service(id: "nonsense") { id } }');
    expect(missing).toMatchObject({ status: 200, body: { data: null, errors: [{ path: ['service'], extensions: { code: 'NOT_FOUND' } }] } });
    const partly = await graphql(server.url, server.token, '{ teams { id } service(id: "nonsense") { id } }');
    expect(partly).toMatchObject({ status: 200, body: { errors: [{ extensions: { code: 'NOT_FOUND' } }] } });
  });

  it('gives the same answer to a document whether it is new or compiled', async () => {
    const query = 'query ($first: Int = 5) { services(first: $first) { nodes { id name } pageInfo { hasNextPage } } viewer { ...v } teams @skip(if: true) { id } } fragment v on Account { id name isOperator }';
    const texts = [];
    for (let n = 0; n < 6; n += 1) texts.push((await graphql(server.url, server.token, query)).text);
    expect(new Set(texts).size).toBe(1);
    expect(texts[0]).toContain('"isOperator":true');
  });

  it('shows the schema in production only to who has a token', async () => {
    expect((await graphql(production.url, null, getIntrospectionQuery())).status).toBe(401);
    expect((await graphql(production.url, null, '{ ...f } fragment f on Query { __type(name: "Query") { name } }')).status).toBe(401);
    expect((await graphql(production.url, production.token, getIntrospectionQuery())).body.data.__schema.queryType.name).toBe('Query');
    expect((await graphql(server.url, null, getIntrospectionQuery())).status).toBe(200);
  });

  it('has no sandbox in production', async () => {
    const page = (url: string) => http(`${url}/graphql`, { headers: { accept: 'text/html' } });
    expect((await page(server.url)).text).toContain('<!DOCTYPE html>');
    expect((await page(production.url)).text).not.toContain('<html');
  });
});

function chain(name: string, length: number): string {
  const fragments = Array.from({ length }, (_, n) => `fragment ${name}${n || ''} on Account { ...${name}${n + 1} ...${name}${n + 1} ... on Account { ...${name}${n + 1} } }`);
  return `${fragments.join(' ')} fragment ${name}${length} on Account { id name }`;
}
