import { Ctx, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Token } from '../../entities/token.js';
import { unauthenticated } from '../../errors.js';

@Resolver()
export class TokenQuery {
  @Query(() => [Token], { description: "The account's tokens that are not revoked, newest first; never their secrets." })
  async tokens(@Ctx() { em, actor }: RequestContext): Promise<Token[]> {
    if (actor.kind !== 'account') throw unauthenticated();
    const held = actor.teamId ? { teamId: actor.teamId } : {};
    return em.find(Token, { accountId: actor.accountId, revokedAt: null, ...held }, { orderBy: { createdAt: 'desc', id: 'desc' }, disableIdentityMap: true });
  }
}
