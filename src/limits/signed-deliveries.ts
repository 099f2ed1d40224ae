import { ApexError } from '../errors.js';
import type { RateLimiter } from './rate-limiter.js';

/** Counts the deliveries that are signed with one secret, so that whoever holds one cannot use up another's allowance. */
export class SignedDeliveries {
  constructor(private readonly limiter: RateLimiter) {}

  /** Throws RATE_LIMITED, with the true time to wait. */
  async take(receiver: string): Promise<void> {
    const allowance = await this.limiter.consume(receiver);
    if (!allowance || allowance.allowed) return;
    const { limit, resetSeconds } = allowance;
    throw new ApexError('RATE_LIMITED', `More than ${limit} deliveries came in a minute. Deliver again in ${resetSeconds} s.`, { retryAfterSeconds: resetSeconds });
  }
}
