import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { limitCostlyField } from '../../auth/costly-field.js';
import { covers } from '../../auth/guard-schema.js';
import { issueToken, type TokenWish } from '../../auth/issue-token.js';
import { requireAccess, requireAccount, requireMember } from '../../auth/tenant-scope.js';
import type { Actor, RequestContext } from '../../context.js';
import type { Database } from '../../entities/database.js';
import { Role, roleAtLeast } from '../../entities/roles.js';
import { TokenKind } from '../../entities/token.js';
import { forbidden } from '../../errors.js';
import { invalidInput } from '../../schema/check-input.js';
import { CreatedToken } from '../../schema/created-token.payload.js';
import { CreateTokenInput } from '../../schema/create-token.input.js';
import { inTransaction } from '../in-transaction.js';

const CALLS_A_MINUTE = 300;

@Resolver()
export class CreateTokenMutation {
  constructor(private readonly orm: Database) {}

  @Mutation(() => CreatedToken, { description: 'A new token of the calling account, or a machine of one of its teams. It never may more than the token that makes it.' })
  async createToken(
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => CreateTokenInput, { nullable: true }) input: CreateTokenInput | null,
  ): Promise<CreatedToken> {
    const actor = requireAccount(context.actor);
    const scopes = [...new Set(input?.scopes ?? actor.scopes)];
    const excess = scopes.filter((scope) => !covers(actor.scopes, scope));
    if (excess.length > 0) throw forbidden(`A token cannot be given the scope ${excess.join(', ')} by one that lacks it.`);
    await limitCostlyField(this.orm.em.fork(), context, info, CALLS_A_MINUTE);

    return inTransaction(context, async (tx) => {
      const held = await holdOf(tx, context, actor, input);
      const acts = await actsFor(tx, context, actor, held.teamId, input);
      const { token, secret } = await issueToken(tx, { ...held, ...acts, name: input?.name ?? 'API token', scopes, expiresAt: input?.expiresAt ?? null });
      const { id, kind, name, expiresAt, teamId, serviceId, role } = token;
      const after = { kind, scopes, serviceId, role, expiresAt: expiresAt?.toISOString() ?? null };
      await recordAudit(tx, context, { action: 'createToken', teamId, target: { kind: 'token', id, name }, after });
      return { id, token: secret, kind, name, scopes, expiresAt, teamId, serviceId, role };
    });
  }
}

/** What the token is held to: never to less than the one that makes it. */
async function holdOf(tx: EntityManager, context: RequestContext, actor: Actor & { kind: 'account' }, input: CreateTokenInput | null): Promise<Pick<TokenWish, 'teamId' | 'serviceId'> & { teamId: string | null }> {
  const wanted = input?.teamId ?? actor.teamId;
  if (wanted) await requireMember(tx, actor, wanted);
  if (!input?.serviceId) return { teamId: wanted, serviceId: null };
  const teamId = await requireAccess(tx, actor, 'Query.service', 'service', input.serviceId);
  if (wanted && wanted !== teamId) throw invalidInput(context, [{ path: 'serviceId', message: 'is not a service of this team' }]);
  return { teamId, serviceId: input.serviceId };
}

async function actsFor(
  tx: EntityManager,
  context: RequestContext,
  actor: Actor & { kind: 'account' },
  teamId: string | null,
  input: CreateTokenInput | null,
): Promise<Pick<TokenWish, 'accountId' | 'role'> & { kind: TokenKind }> {
  if (!input?.machine) {
    if (input?.role) throw invalidInput(context, [{ path: 'role', message: "is a machine's: another token has the role of its account" }]);
    return { kind: TokenKind.ACCOUNT, accountId: actor.accountId, role: null };
  }
  if (!teamId) throw invalidInput(context, [{ path: 'teamId', message: 'is required: a machine acts for one team' }]);
  const own = await requireMember(tx, actor, teamId);
  const role = input.role ?? Role.DEVELOPER;
  if (!roleAtLeast(own, Role.ADMIN)) throw forbidden(`Your role in this team is ${own}; to make a machine needs ADMIN.`);
  if (!roleAtLeast(own, role)) throw forbidden(`Your role in this team is ${own}: you cannot give ${role}.`);
  return { kind: TokenKind.MACHINE, accountId: null, role };
}
