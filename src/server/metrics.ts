import { timingSafeEqual } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { unauthenticated } from '../errors.js';
import { isLoopback } from '../limits/client-address.js';
import { sendProblem } from '../rest/problem.js';
import { scopeOf } from './scope.js';

/** Where figures come from that this room does not count itself. */
export interface MetricSources {
  deploymentsByState: () => Promise<Record<string, number>>;
  reconcileQueue: () => Promise<{ waiting: number; active: number }>;
  logFollows: () => number;
}

/** What is measured, in a registry of its own. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests = new Histogram({
    name: 'apex_http_request_seconds',
    help: 'Answered HTTP requests: time until the answer ended.',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 15],
    registers: [this.registry],
  });
  private readonly kubernetes = new Histogram({
    name: 'apex_kubernetes_call_seconds',
    help: 'Calls of the Kubernetes API that ended; status 0 got no answer.',
    labelNames: ['method', 'kind', 'status'] as const,
    buckets: [0.01, 0.05, 0.25, 1, 5, 30],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  readonly observeKubernetesCall = ({ method, kind, status, seconds }: { method: string; kind: string; status: number; seconds: number }): void =>
    this.kubernetes.observe({ method, kind, status }, seconds);

  /** Figures that are read when they are asked for. */
  watch(sources: MetricSources): void {
    new Gauge({
      name: 'apex_deployments',
      help: 'Deployments by state; those that ended keep theirs for ever.',
      labelNames: ['state'] as const,
      registers: [this.registry],
      async collect() {
        this.reset();
        for (const [state, count] of Object.entries(await sources.deploymentsByState())) this.set({ state }, count);
      },
    });
    new Gauge({
      name: 'apex_reconcile_queue',
      help: 'Wake-ups that wait, and looks that are at work.',
      labelNames: ['state'] as const,
      registers: [this.registry],
      async collect() {
        const { waiting, active } = await sources.reconcileQueue();
        this.set({ state: 'waiting' }, waiting);
        this.set({ state: 'active' }, active);
      },
    });
    new Gauge({
      name: 'apex_log_follows',
      help: 'Containers whose log this server follows now, however many read it.',
      registers: [this.registry],
      collect() {
        this.set(sources.logFollows());
      },
    });
  }

  observe(): RequestHandler {
    return (req, res, next) => {
      const begun = performance.now();
      const method = req.method;
      res.once('close', () => {
        const route = (res.locals.route as string | undefined) ?? 'other';
        this.requests.observe({ method: KNOWN_METHODS.has(method) ? method : 'other', route, status: res.statusCode }, (performance.now() - begun) / 1000);
      });
      next();
    };
  }

  /** For loopback, or for who shows the token. A request that came through a proxy is not from loopback, whatever its peer is. */
  serve(token: string | undefined): RequestHandler {
    return async (req: Request, res: Response) => {
      const isLocal = isLoopback(req.socket.remoteAddress ?? '') && req.headers['x-forwarded-for'] === undefined && req.headers.forwarded === undefined;
      if (!isLocal && !(token && isSame(req.headers.authorization ?? '', `Bearer ${token}`))) return sendProblem(res, unauthenticated(), scopeOf(res).requestId);
      const text = await this.registry.metrics();
      res.type(this.registry.contentType).send(text);
    };
  }
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PATCH', 'DELETE', 'OPTIONS']);

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
