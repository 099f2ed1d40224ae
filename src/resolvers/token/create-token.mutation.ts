import { Arg, Ctx, Info, Mutation, Resolver } from 'type-graphql';
import type { GraphQLResolveInfo } from 'graphql';
import { limitCostlyField } from '../../auth/costly-field.js';
import { covers } from '../../auth/guard-schema.js';
import { issueToken } from '../../auth/issue-token.js';
import { requireMember } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import type { Database } from '../../entities/database.js';
import { forbidden, unauthenticated } from '../../errors.js';
import { CreatedToken } from '../../schema/created-token.payload.js';
import { CreateTokenInput } from '../../schema/create-token.input.js';

const CALLS_A_MINUTE = 300;

@Resolver()
export class CreateTokenMutation {
  constructor(private readonly orm: Database) {}

  @Mutation(() => CreatedToken, { description: 'A new token of the calling account. It never may more than the token that makes it.' })
  async createToken(
    @Ctx() context: RequestContext,
    @Info() info: GraphQLResolveInfo,
    @Arg('input', () => CreateTokenInput, { nullable: true }) input: CreateTokenInput | null,
  ): Promise<CreatedToken> {
    const { actor } = context;
    if (actor.kind !== 'account') throw unauthenticated();
    const scopes = [...new Set(input?.scopes ?? actor.scopes)];
    const excess = scopes.filter((scope) => !covers(actor.scopes, scope));
    if (excess.length > 0) throw forbidden(`A token cannot be given the scope ${excess.join(', ')} by one that lacks it.`);
    await limitCostlyField(this.orm.em.fork(), context, info, CALLS_A_MINUTE);

    return this.orm.em.fork().transactional(async (tx) => {
      const teamId = input?.teamId ?? actor.teamId;
      if (teamId) await requireMember(tx, actor, teamId);
      const wish = { accountId: actor.accountId, teamId, name: input?.name ?? 'API token', scopes, expiresAt: input?.expiresAt ?? null };
      const { token, secret } = await issueToken(tx, wish);
      return { id: token.id, token: secret, name: token.name, scopes: token.scopes, expiresAt: token.expiresAt, teamId: token.teamId };
    });
  }
}
