import { GraphQLError, Kind, OperationTypeNode, type ExecutionResult, type OperationDefinitionNode } from 'graphql';
import { requireScope } from '../auth/guard-schema.js';
import { PERMISSIONS } from '../auth/permissions.js';
import type { ErrorCode } from '../errors.js';
import type { OnceRunner } from '../operation.js';
import { operationOf } from '../schema/document-limits.js';
import { FINAL, within, type IdempotentCalls } from '../resolvers/idempotency/idempotent-calls.js';

/** An operation of a door with an `Idempotency-Key`, whole: its first answer is replayed as it was, refusals too. */
export const keyedOperations =
  (calls: IdempotentCalls): OnceRunner =>
  async (request, context, run) => {
    const { document, operationName, variables } = request;
    const operation = operationOf(document, operationName);
    const key = context.idempotencyKey;
    if (key === undefined || operation?.operation !== OperationTypeNode.MUTATION) return run(context);
    const fields = mutationsOf(operation);
    // A replay never passes the guards of its fields.
    for (const field of fields) requireScope(context.actor, PERMISSIONS[`Mutation.${field}`]!);
    const { answer } = await calls.once<ExecutionResult>({ actor: context.actor, field: 'Idempotency-Key', key, input: { fields, variables } }, async (tx) => {
      const result = await run(within(context, tx));
      return { answer: result, kept: (result.errors ?? []).every(({ extensions }) => FINAL.has(extensions['code'] as ErrorCode)) };
    });
    return answer.errors ? { ...answer, errors: answer.errors.map(({ message, extensions }) => new GraphQLError(message, { extensions })) } : answer;
  };

const mutationsOf = ({ selectionSet }: OperationDefinitionNode): string[] =>
  selectionSet.selections.flatMap((selection) => (selection.kind === Kind.FIELD ? [selection.name.value] : []));
