import { ApexError } from '../errors.js';

const RETRY_SECONDS = 5;

/** Gives up waiting after a while. Statements have deadlines of their own, so the work itself comes to its end too. */
export async function inTime<T>(work: Promise<T> | T, milliseconds: number): Promise<T> {
  if (!isPromise(work)) return work;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new ApexError('UNAVAILABLE', 'The answer took too long. What was asked for may still be done.', { retryAfterSeconds: RETRY_SECONDS })), milliseconds);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** By its shape: a promise may come from another realm, as compiled operations' do under a test runner. */
const isPromise = <T>(work: Promise<T> | T): work is Promise<T> => typeof (work as Partial<Promise<T>> | null)?.then === 'function';
