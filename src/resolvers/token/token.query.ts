import { Arg, Ctx, ID, Query, Resolver } from 'type-graphql';
import { requireAccess, requireAccount } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Token, TokenKind } from '../../entities/token.js';

const NEWEST_FIRST = { createdAt: 'desc', id: 'desc' } as const;

@Resolver()
export class TokenQuery {
  @Query(() => [Token], { description: "The account's tokens and sessions that are not revoked, newest first; never their secrets." })
  async tokens(@Ctx() { em, actor }: RequestContext): Promise<Token[]> {
    const { accountId, teamId } = requireAccount(actor);
    return em.find(Token, { accountId, revokedAt: null, ...(teamId ? { teamId } : {}) }, { orderBy: NEWEST_FIRST, disableIdentityMap: true });
  }

  @Query(() => [Token], { description: "A team's machines that are not revoked, newest first; never their secrets." })
  async machines(@Ctx() { em, actor }: RequestContext, @Arg('teamId', () => ID) teamId: string): Promise<Token[]> {
    await requireAccess(em, actor, 'Query.machines', 'team', teamId);
    return em.find(Token, { kind: TokenKind.MACHINE, teamId, revokedAt: null }, { orderBy: NEWEST_FIRST, disableIdentityMap: true });
  }
}
