import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { http } from '../support/http.js';
import { startTestServer, type TestServer } from '../support/test-server.js';

describe('the files of the dashboard', () => {
  let server: TestServer;
  beforeAll(async () => void (server = await startTestServer({ env: { APEX_RATE_LIMIT: '5' } })));
  afterAll(() => server?.stop());

  const get = (path: string) => http(`${server.url}${path}`, {});
  const assetsOf = (page: string): string[] => [...page.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path]) => path!);

  it.each(['/', '/services/0b6c9a0e-0000-4000-8000-000000000000', '/deploy', '/first-sign-in', '/invitation?token=x'])('%s is a page that may load what is ours and nothing else, and is asked for anew', async (path) => {
    const { status, headers, text } = await get(path);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/html/);
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    expect(text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|https?:/);
    expect(assetsOf(text)).toHaveLength(3);
  });

  it('what a page loads is kept for a year, small, and outside of the rate limit', async () => {
    const assets = assetsOf((await get('/')).text);
    for (let round = 0; round < 4; round += 1) {
      for (const path of assets) {
        const { status, headers } = await get(path);
        expect([status, headers.get('cache-control'), headers.get('content-encoding'), headers.get('ratelimit-remaining')]).toEqual([200, 'public, max-age=31536000, immutable', 'gzip', null]);
        expect(Number(headers.get('content-length'))).toBeLessThan(110_000);
      }
    }
    expect((await http(`${server.url}/api/services`, { token: server.token })).status).toBe(200);
  });

  it.each(['/assets/none.js', '/assets/..%2findex.html', '/assets/%2e%2e/%2e%2e/package.json', '/service', '/healthz/x', '/api'])('%s is none of it', async (path) => {
    const { status, headers } = await get(path);
    expect(status).toBe(404);
    expect(headers.get('content-type')).toMatch(/^application\/problem\+json/);
  });
});
