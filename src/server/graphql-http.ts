import { ApolloServer, type ApolloServerPlugin, type GraphQLRequestListener } from '@apollo/server';
import { ApolloServerPluginCacheControlDisabled, ApolloServerPluginLandingPageDisabled, ApolloServerPluginUsageReportingDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginLandingPageLocalDefault } from '@apollo/server/plugin/landingPage/default';
import { expressMiddleware } from '@as-integrations/express5';
import type { Request, RequestHandler, Response } from 'express';
import type { GraphQLFormattedError, GraphQLSchema } from 'graphql';
import type { RequestContext } from '../context.js';
import { ApexError, type ErrorCode } from '../errors.js';
import type { Logger } from '../logger.js';
import type { OperationRunner } from '../operation.js';
import { DOCUMENT_LIMITS } from '../schema/document-limits.js';
import { apexErrorOf, refusedDocument } from '../schema/masked-errors.js';
import type { DocumentGate } from './document-gate.js';
import { apolloError, headOf, statusOf } from './graphql-answer.js';
import { purseOf } from './purse.js';
import { spend } from './rate-limit.js';
import { scopeOf } from './scope.js';

export interface GraphqlParts {
  schema: GraphQLSchema;
  operations: OperationRunner;
  gate: DocumentGate;
  open: (req: Request, res: Response) => Promise<RequestContext>;
  logger: Logger;
  isProduction: boolean;
}

/** GraphQL over HTTP: Apollo Server reads, validates and answers; the one pipeline executes. */
export async function createGraphqlHttp(parts: GraphqlParts): Promise<{ handler: RequestHandler; stop: () => Promise<void> }> {
  const server = new ApolloServer<RequestContext>({
    gateway: executedBy(parts),
    introspection: true,
    persistedQueries: false,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    nodeEnv: parts.isProduction ? 'production' : 'development',
    parseOptions: { maxTokens: DOCUMENT_LIMITS.tokens },
    logger: parts.logger,
    formatError: (formatted, error) => shown(formatted, error, parts.logger),
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      parts.isProduction ? ApolloServerPluginLandingPageDisabled() : ApolloServerPluginLandingPageLocalDefault(),
      answers,
    ],
  });
  await server.start();
  return { handler: expressMiddleware(server, { context: ({ req, res }) => opened(parts, req, res) }), stop: () => server.stop() };
}

/** Apollo's hook for an executor of one's own. */
function executedBy({ schema, operations }: GraphqlParts): NonNullable<ConstructorParameters<typeof ApolloServer>[0]['gateway']> {
  return {
    onSchemaLoadOrUpdate: (callback) => {
      callback({ apiSchema: schema, coreSupergraphSdl: '' });
      return () => undefined;
    },
    load: async () => ({
      executor: ({ document, request, context }) =>
        operations.run({ document, variables: request.variables ?? {}, ...(request.operationName && { operationName: request.operationName }) }, context as RequestContext),
    }),
    stop: async () => undefined,
  };
}

/** Who asks, and whether the document is within the limits: all before Apollo validates it. */
async function opened({ open, gate, logger }: GraphqlParts, req: Request, res: Response): Promise<RequestContext> {
  const { requestId } = scopeOf(res);
  try {
    const context = await open(req, res);
    const { query, operationName } = wished(req);
    if (typeof query !== 'string') return context;
    const { rootFields } = gate.measure(query, operationName, context.actor);
    await spend(purseOf(res), rootFields - 1, res);
    return context;
  } catch (error) {
    throw apolloError(error instanceof ApexError ? error : apexErrorOf(error, { requestId, logger }), requestId);
  }
}

function wished(req: Request): { query: unknown; operationName: string | undefined } {
  const { query, operationName } = (req.method === 'GET' ? req.query : ((req.body as object | null) ?? {})) as { query?: unknown; operationName?: unknown };
  return { query, operationName: typeof operationName === 'string' ? operationName : undefined };
}

/** What the pipeline masked passes as it is; what Apollo refused is the client's fault; anything else is masked here. */
function shown(formatted: GraphQLFormattedError, error: unknown, logger: Logger): GraphQLFormattedError {
  if (formatted.extensions?.requestId) return formatted;
  if (formatted.extensions?.code !== 'INTERNAL_SERVER_ERROR') return refusedDocument(formatted);
  const { code, message } = apexErrorOf(error, { requestId: 'unknown', logger });
  return { message, extensions: { code } };
}

/** Writes the request's id into each error, and the status and headers that the first one asks for. */
const answers: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async (): Promise<GraphQLRequestListener<RequestContext>> => ({
    willSendResponse: async ({ response, contextValue }) => {
      if (response.body.kind !== 'single') return;
      const { data, errors } = response.body.singleResult;
      if (!errors) return;
      for (const { extensions } of errors) if (extensions) extensions.requestId = contextValue.requestId;
      const [first] = errors;
      const code = first?.extensions?.code as ErrorCode | undefined;
      if (code === undefined) return;
      const head = headOf({ code, retryAfterSeconds: first?.extensions?.retryAfterSeconds as number | undefined });
      response.http.status = response.http.status ?? statusOf(data, code);
      for (const [name, value] of head.headers) response.http.headers.set(name, value);
    },
  }),
};
