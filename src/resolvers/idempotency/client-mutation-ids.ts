import { getNamedType, GraphQLString, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { RequestContext } from '../../context.js';
import { ApexError, type ErrorCode, type Fault } from '../../errors.js';
import { invalid } from '../../schema/check-input.js';
import { FINAL, within, type IdempotentCalls } from './idempotent-calls.js';
import type { ReadAgain } from './read-again.js';
import { frozen, thawed } from './stable-text.js';

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;

type Answer = { value: unknown } | { refusal: { code: ErrorCode; message: string; faults?: Fault[] | undefined } };

const NAME = 'clientMutationId';
const LONGEST = 255;
const DESCRIPTION = 'A name of your own for this change: sent again within 24 h with the same arguments it changes nothing more, and answers with the same.';

/** Gives every mutation the argument `clientMutationId`. What it answered is kept; the selection is resolved each time, as it is then. */
export function acceptClientMutationIds(schema: GraphQLSchema, calls: IdempotentCalls, readAgain: ReadAgain): void {
  for (const field of Object.values(schema.getMutationType()?.getFields() ?? {})) {
    const resolve = field.resolve as Resolver;
    const typeName = getNamedType(field.type).name;
    field.args = [...field.args, { name: NAME, type: GraphQLString, description: DESCRIPTION, defaultValue: undefined, deprecationReason: undefined, extensions: {}, astNode: undefined }];
    field.resolve = async (source, args, context: RequestContext, info) => {
      const { [NAME]: key, ...input } = args as Record<string, unknown>;
      if (key === undefined || key === null) return resolve(source, input, context, info);
      if (key === '' || (key as string).length > LONGEST) throw invalid([{ path: NAME, message: `must be 1 to ${LONGEST} characters` }]);
      const call = { actor: context.actor, field: NAME, key: key as string, input: { field: info.fieldName, input } } as const;
      let first: unknown;
      const { answer, replayed } = await calls.once<Answer>(call, async (tx) => {
        try {
          first = await resolve(source, input, within(context, tx), info);
          return { answer: { value: frozen(first) }, kept: true };
        } catch (error) {
          if (!(error instanceof ApexError) || !FINAL.has(error.code)) throw error;
          return { answer: { refusal: { code: error.code, message: error.message, faults: error.faults } }, kept: true };
        }
      });
      if ('refusal' in answer) throw new ApexError(answer.refusal.code, answer.refusal.message, answer.refusal.faults ? { faults: answer.refusal.faults } : {});
      return replayed ? readAgain(typeName, thawed(answer.value), context) : first;
    };
  }
}
