import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { GraphQLError } from 'graphql';
import { ApexError, notFound } from '../../src/errors.js';
import { createLogger } from '../../src/logger.js';
import { maskedError } from '../../src/schema/masked-errors.js';

/** What a client gets, and what the server writes. */
function told(error: Error): { shown: Record<string, unknown>; log: any[] } {
  const lines: string[] = [];
  const logger = createLogger('info', new Writable({ write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()) }));
  const { message, extensions } = maskedError(new GraphQLError('masked', { originalError: error }), { requestId: 'request-1', logger });
  return { shown: { message, code: extensions['code'], requestId: extensions['requestId'] }, log: lines.map((line) => JSON.parse(line)) };
}

it('what an operation relied on is named in the log under the id that the client got, and nowhere else', () => {
  const { shown, log } = told(new ApexError('UNAVAILABLE', 'The cluster does not give the log.', { cause: new Error('GET /log was answered with 500') }));
  expect(shown).toEqual({ message: 'The cluster does not give the log.', code: 'UNAVAILABLE', requestId: 'request-1' });
  expect(log).toMatchObject([{ requestId: 'request-1', code: 'UNAVAILABLE', error: { message: 'GET /log was answered with 500' } }]);
});

it('an error that is none of ours is masked and logged under the same id; a refusal without a cause is not logged', () => {
  const { shown, log } = told(new Error('a statement with values'));
  expect(shown).toMatchObject({ code: 'INTERNAL', requestId: 'request-1', message: expect.not.stringContaining('statement') });
  expect(log).toMatchObject([{ requestId: 'request-1', error: { message: 'a statement with values' } }]);
  expect(told(notFound()).log).toEqual([]);
});
