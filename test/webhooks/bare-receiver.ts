/** The least that a server can do with a delivery, in a process of its own: checks it, stores it, answers. Prints its port. */
import { createHmac } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import express from 'express';
import pg from 'pg';

const { DATABASE_URL = '', SECRET = '' } = process.env;
const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 20 });
await pool.query('drop table if exists bare_delivery; create table bare_delivery (id text primary key, body bytea not null)');
const app = express();
app.post('/api/webhooks/github', express.raw({ type: () => true, limit: '25mb' }), async (req, res) => {
  const signature = `sha256=${createHmac('sha256', SECRET).update(req.body as Buffer).digest('hex')}`;
  if (signature !== req.get('x-hub-signature-256')) return void res.status(401).end();
  await pool.query('insert into bare_delivery (id, body) values ($1, $2) on conflict do nothing', [req.get('x-github-delivery'), req.body]);
  res.json({ deliveryId: req.get('x-github-delivery') });
});
const server = app.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
