/**
 * A process of its own, so that what it costs to send is not what it takes to answer: posts signed pushes at an even pace,
 * whether the answers keep up or not. Reads a wish from its input and prints an answer for each delivery, as JSON.
 */
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

export interface SenderWish {
  url: string;
  secret: string;
  seconds: number;
  deliveries: { id: string; body: string }[];
}

export interface SentDelivery {
  status: number;
  outcome: string | null;
  milliseconds: number;
}

const agent = new Agent({ keepAlive: true });
const { url, secret, seconds, deliveries } = JSON.parse(await text(process.stdin)) as SenderWish;
const signed = deliveries.map(({ id, body }) => ({ id, body, signature: `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` }));
const begun = performance.now();
const sent = await Promise.all(
  signed.map(async (delivery, n) => {
    await pause(Math.max(0, begun + (n / signed.length) * seconds * 1000 - performance.now()));
    return send(delivery);
  }),
);
agent.destroy();
process.stdout.write(JSON.stringify(sent));

function send({ id, body, signature }: { id: string; body: string; signature: string }): Promise<SentDelivery> {
  const from = performance.now();
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-github-event': 'push', 'x-github-delivery': id, 'x-hub-signature-256': signature };
  return new Promise((resolve, reject) => {
    const sending = request(`${url}/api/webhooks/github`, { method: 'POST', agent, headers }, (response) => {
      text(response).then((answer) => resolve({ status: response.statusCode ?? 0, outcome: outcomeOf(answer), milliseconds: performance.now() - from }), reject);
    });
    sending.on('error', reject).end(body);
  });
}

function outcomeOf(answer: string): string | null {
  try {
    return (JSON.parse(answer) as { outcome?: string }).outcome ?? null;
  } catch {
    return null;
  }
}
