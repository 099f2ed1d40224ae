import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { Router, type Response } from 'express';
import type { JsonSchema } from '../operation.js';

const ASSETS = ['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png'];

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Apex API</title>
    <link rel="icon" href="/api/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/api/docs/swagger-ui.css">
  </head>
  <body>
    <div id="page"></div>
    <script src="/api/docs/swagger-ui-bundle.js"></script>
    <script src="/api/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({ url: '/api/openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null });\n`;

/** Everything comes from this server; the page styles its elements inline and draws icons from data addresses. */
const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `GET /api/openapi.json` and the page that shows it, without a token and without the internet. */
export function createDocumentation(document: JsonSchema): Router {
  const folder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
  const openApi = JSON.stringify(document);
  const router = Router();
  router.get('/api/openapi.json', (_req, res) => send(res, 'application/json; charset=utf-8', openApi));
  router.get(['/api/docs', '/api/docs/'], (_req, res) => send(res.set('Content-Security-Policy', POLICY), 'text/html; charset=utf-8', PAGE));
  router.get('/api/docs/start.js', (_req, res) => send(res, 'text/javascript; charset=utf-8', START));
  for (const asset of ASSETS) router.get(`/api/docs/${asset}`, (_req, res) => res.sendFile(asset, { root: folder, maxAge: '1d' }));
  return router;
}

function send(res: Response, type: string, body: string): void {
  res.set('Cache-Control', 'no-cache').type(type).send(body);
}
