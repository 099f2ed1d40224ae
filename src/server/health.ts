import type { RequestHandler } from 'express';
import { ApexError, type ApexError as Problem } from '../errors.js';
import { sendProblem } from '../rest/problem.js';
import { scopeOf } from './scope.js';

const RETRY_SECONDS = 2;

/** What the server can do now. */
export interface Readiness {
  /** Null where the API serves; else the sentence why not. */
  api: () => Promise<string | null>;
  /** Null where a deploy would be accepted; else the error that it would get. */
  cluster: () => Problem | null;
}

/** The process lives. */
export const alive: RequestHandler = (_req, res) => void res.json({ status: 'ok' });

/** The API serves; with `?cluster=1`: and a deploy would be accepted. */
export const ready =
  (readiness: Readiness): RequestHandler =>
  async (req, res) => {
    const why = await readiness.api();
    const error = why === null ? (wantsCluster(req.originalUrl) ? readiness.cluster() : null) : notReady(why);
    if (error) sendProblem(res, error, scopeOf(res).requestId);
    else res.json({ status: 'ready' });
  };

export const notReady = (why: string): ApexError => new ApexError('UNAVAILABLE', why, { retryAfterSeconds: RETRY_SECONDS });

const wantsCluster = (url: string): boolean => ['1', 'true'].includes(new URL(url, 'http://relative').searchParams.get('cluster') ?? '');
