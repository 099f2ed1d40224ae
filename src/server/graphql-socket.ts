import { randomUUID } from 'node:crypto';
import { GraphQLError, type ExecutionResult } from 'graphql';
import { CloseCode, MessageType, parseMessage, type SubscribePayload } from 'graphql-ws';
import type { RawData, WebSocket } from 'ws';
import type { Actor } from '../context.js';
import { ApexError } from '../errors.js';
import type { Logger } from '../logger.js';
import type { OperationRequest, OperationRunner } from '../operation.js';
import { operationOf } from '../schema/document-limits.js';
import { apexErrorOf, graphqlErrorOf, refusedDocument } from '../schema/masked-errors.js';
import type { DocumentGate } from './document-gate.js';
import { JSON_RESULTS, SocketReader } from './socket-reader.js';
import { OperationContext, type ContextParts } from './operation-context.js';
import type { OpenStreams } from './open-streams.js';
import { purseOfAddress, type Purse, type PurseParts } from './purse.js';
import { spend } from './rate-limit.js';
import type { Scope } from './scope.js';

const MAX_OPERATIONS = 100;
const INIT_MS = 3_000;
/** A client that gave no sign for so many pings is gone; one that only reads slowly is not. */
const SILENT_PINGS = 5;

export interface SocketParts {
  operations: OperationRunner;
  gate: DocumentGate;
  purses: PurseParts;
  streams: OpenStreams;
  contexts: ContextParts;
  logger: Logger;
}

/** Who opened the socket, as the upgrade showed it. */
interface Opening {
  ip: string;
  authorization: string | undefined;
  session: string | undefined;
}

/** An operation of a socket, from `subscribe` to `complete`. */
class Running {
  isOver = false;
  /** Lets go of what the operation holds. */
  leave: (() => void) | undefined;
  end(): void {
    this.isOver = true;
    this.leave?.();
  }
}

/** One client's socket. Nothing is accepted before `connection_init` has shown a valid token. */
export class GraphqlSocket {
  readonly #running = new Map<string, Running>();
  #state: 'new' | 'asked' | 'accepted' = 'new';
  #actor: Actor | undefined;
  #letGo: (() => void) | undefined;
  #late: NodeJS.Timeout | undefined;
  #silent = 0;

  constructor(
    private readonly socket: WebSocket,
    private readonly parts: SocketParts,
    private readonly opening: Opening,
    private readonly gone: () => void,
  ) {
    this.#late = setTimeout(() => this.close(CloseCode.ConnectionInitialisationTimeout, 'Connection initialisation timeout'), INIT_MS);
    socket.on('message', (data: RawData) => void this.#take(data).catch((error: unknown) => this.#fail(error)));
    socket.on('pong', () => void (this.#silent = 0));
    socket.on('error', () => this.socket.close(CloseCode.InternalServerError, 'Internal server error'));
    socket.once('close', () => this.#closed());
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }

  closed(): Promise<void> {
    if (this.socket.readyState === this.socket.CLOSED) return Promise.resolve();
    return new Promise((resolve) => this.socket.once('close', () => resolve()));
  }

  /** Asked of all sockets together, now and then. */
  ping(): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.#silent += 1;
    if (this.#silent > SILENT_PINGS) return this.socket.terminate();
    this.socket.ping();
  }

  async #take(data: RawData): Promise<void> {
    this.#silent = 0;
    let message;
    try {
      message = parseMessage(String(data));
    } catch {
      return this.close(CloseCode.BadRequest, 'Invalid message received');
    }
    switch (message.type) {
      case MessageType.ConnectionInit:
        return this.#connect(message.payload);
      case MessageType.Ping:
        return this.#send({ type: MessageType.Pong, ...(message.payload && { payload: message.payload }) });
      case MessageType.Pong:
        return;
      case MessageType.Subscribe:
        return this.#subscribe(message.id, message.payload);
      case MessageType.Complete:
        return this.#complete(message.id);
      default:
        return this.close(CloseCode.BadRequest, 'Invalid message received');
    }
  }

  async #connect(params: Record<string, unknown> | null | undefined): Promise<void> {
    if (this.#state !== 'new') return this.close(CloseCode.TooManyInitialisationRequests, 'Too many initialisation requests');
    this.#state = 'asked';
    clearTimeout(this.#late);
    const { contexts, streams, logger } = this.parts;
    const given = params?.Authorization ?? params?.authorization ?? this.opening.authorization;
    const authorization = typeof given === 'string' ? given : undefined;
    const session = given === undefined ? this.opening.session : undefined;
    Object.assign(this.opening, { authorization, session });
    try {
      this.#actor = await contexts.authenticate(authorization, session);
    } catch (error) {
      if (!(error instanceof ApexError)) apexErrorOf(error, { requestId: randomUUID(), logger });
      return this.close(CloseCode.Unauthorized, 'A valid API token is required');
    }
    if (this.socket.readyState !== this.socket.OPEN) return;
    this.#letGo = streams.hold(() => this.close(CloseCode.Unauthorized, 'The access has ended'), { authorization, session, actor: this.#actor });
    this.#state = 'accepted';
    await this.#send({ type: MessageType.ConnectionAck });
  }

  async #subscribe(id: string, payload: SubscribePayload): Promise<void> {
    if (this.#state !== 'accepted') return this.close(CloseCode.Unauthorized, 'Unauthorized');
    if (this.#running.has(id)) return this.close(CloseCode.SubscriberAlreadyExists, `Subscriber for ${id} already exists`);
    const running = new Running();
    this.#running.set(id, running);
    let shared = false;
    try {
      shared = await this.#run(id, payload, running);
    } finally {
      if (!shared) this.#over(id, running);
    }
  }

  /** Answers whether it goes on by itself. */
  async #run(id: string, payload: SubscribePayload, running: Running): Promise<boolean> {
    const scope: Scope = { ip: this.opening.ip, requestId: randomUUID() };
    const admitted = await this.#admit(scope, payload);
    if (running.isOver) return false;
    if (Array.isArray(admitted)) {
      await this.#send({ id, type: MessageType.Error, payload: admitted });
      return false;
    }
    const { request, actor } = admitted;
    const context = new OperationContext(this.parts.contexts, scope, 'websocket', actor, (left) => this.#onLeave(running, left));
    const isSubscription = operationOf(request.document, request.operationName)?.operation === 'subscription';
    const results = await (isSubscription ? this.parts.operations.subscribe(request, context) : this.parts.operations.run(request, context));
    if (running.isOver && !(Symbol.asyncIterator in results)) return false;
    if ('deliver' in results) {
      const reader = new SocketReader(this.socket, id, (last) => this.#end(id, running, last));
      this.#onLeave(running, results.deliver(reader, JSON_RESULTS));
      return true;
    }
    for await (const result of Symbol.asyncIterator in results ? results : [results]) {
      if (running.isOver) return false;
      await this.#send(nextOf(id, result));
    }
    if (!running.isOver) await this.#send({ id, type: MessageType.Complete });
    return false;
  }

  /** Counted, within the limits, valid, and from a client whose token still holds. */
  async #admit(scope: Scope, { query, operationName, variables }: SubscribePayload): Promise<{ request: OperationRequest; actor: Actor } | GraphQLError[]> {
    const { contexts, gate, logger } = this.parts;
    try {
      if (this.#running.size > MAX_OPERATIONS) throw new ApexError('BAD_REQUEST', `A socket carries at most ${MAX_OPERATIONS} operations at once.`);
      await spend(this.#purse(), 1);
      const actor = await contexts.authenticate(this.opening.authorization, this.opening.session);
      const { document, errors, rootFields } = gate.admit(query, operationName, actor);
      await spend(this.#purse(), rootFields - 1);
      if (errors.length > 0) return errors.map((error) => refusedDocument(error, scope.requestId)).map((refused) => new GraphQLError(refused.message, refused));
      if (!operationOf(document, operationName ?? undefined)) return [new GraphQLError('Unable to identify operation')];
      return { actor, request: { document, variables: variables ?? {}, ...(operationName && { operationName }) } };
    } catch (error) {
      return [graphqlErrorOf(error instanceof ApexError ? error : apexErrorOf(error, { requestId: scope.requestId, logger }), scope.requestId)];
    }
  }

  #purse(): Purse {
    const { limiter, sessionLimiter } = this.parts.purses;
    if (this.opening.session !== undefined && this.#actor && 'tokenId' in this.#actor) return { limiter: sessionLimiter, key: this.#actor.tokenId, whose: 'session' };
    return purseOfAddress(limiter, this.opening.ip);
  }

  #onLeave(running: Running, left: () => void): void {
    if (running.isOver) return left();
    const before = running.leave;
    running.leave = () => {
      before?.();
      left();
    };
  }

  /** The server ends it. */
  #end(id: string, running: Running, last: ExecutionResult | undefined): void {
    if (running.isOver) return;
    this.#over(id, running);
    if (last) void this.#send(nextOf(id, last));
    void this.#send({ id, type: MessageType.Complete });
  }

  /** The client ends it. */
  #complete(id: string): void {
    const running = this.#running.get(id);
    if (running) this.#over(id, running);
  }

  #over(id: string, running: Running): void {
    if (this.#running.get(id) === running) this.#running.delete(id);
    running.end();
  }

  #closed(): void {
    clearTimeout(this.#late);
    this.#letGo?.();
    for (const [id, running] of this.#running) this.#over(id, running);
    this.gone();
  }

  #fail(error: unknown): void {
    this.parts.logger.error({ err: error }, 'a message on a socket could not be handled');
    this.close(CloseCode.InternalServerError, 'Internal server error');
  }

  /** Settles when the message has left the process, so that who sends many waits for the client. */
  #send(message: object): Promise<void> {
    if (this.socket.readyState !== this.socket.OPEN) return Promise.resolve();
    return new Promise((resolve) => this.socket.send(JSON.stringify(message), () => resolve()));
  }
}

/** Data before errors, whoever executed it: refusals that mean the same are the same, byte for byte. */
const nextOf = (id: string, { errors, ...result }: ExecutionResult): object => ({ id, type: MessageType.Next, payload: { ...result, ...(errors && { errors }) } });
