import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Router, type Request, type Response } from 'express';

/** Where "./apex" puts the built dashboard, seen from the sources and from the compiled code alike. */
const BUILT = join(import.meta.dirname, '..', '..', 'dist', 'web');

/** The paths of its pages (web/src/pages.ts and the ways in): any other stays a 404, so a mistyped address of the API is told so. */
const PAGES = ['/', '/deploy', '/services/:id', '/databases', '/deliveries', '/first-sign-in', '/invitation'];

/** Scripts, styles and data of this server alone; nothing is written into the page, so nothing needs to be allowed inline. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Their names hold the hash of their content. */
const FOR_A_YEAR = 'public, max-age=31536000, immutable';

/** A file of the dashboard, held in memory. */
class StaticFile {
  private readonly packed: Buffer;

  constructor(
    private readonly type: string,
    private readonly content: Buffer,
  ) {
    this.packed = gzipSync(content, { level: 9 });
  }

  send(req: Request, res: Response, cacheControl: string): void {
    const isPacked = req.acceptsEncodings('gzip') !== false;
    res.set({ 'Cache-Control': cacheControl, Vary: 'Accept-Encoding', ...(isPacked && { 'Content-Encoding': 'gzip' }) });
    res.type(this.type).send(isPacked ? this.packed : this.content);
  }
}

/** The dashboard: its pages and what they load, read once. Null where it has not been built. */
export function createDashboard(folder: string = BUILT): Router | null {
  if (!existsSync(join(folder, 'index.html'))) return null;
  const page = new StaticFile('.html', readFileSync(join(folder, 'index.html')));
  const assets = new Map(readdirSync(join(folder, 'assets')).map((name) => [name, new StaticFile(extname(name), readFileSync(join(folder, 'assets', name)))]));
  const router = Router();
  router.get(PAGES, (req, res) => {
    res.locals.route = '/';
    res.set({ 'Content-Security-Policy': POLICY, 'Referrer-Policy': 'no-referrer' });
    page.send(req, res, 'no-cache');
  });
  router.get('/assets/:name', (req, res, next) => {
    const asset = assets.get(req.params.name as string);
    if (!asset) return next();
    res.locals.route = '/assets';
    asset.send(req, res, FOR_A_YEAR);
  });
  return router;
}
