import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { requireId } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import type { Database } from '../../entities/database.js';
import { Token } from '../../entities/token.js';
import { notFound, unauthenticated } from '../../errors.js';

@Resolver()
export class RevokeTokenMutation {
  constructor(private readonly orm: Database) {}

  @Mutation(() => Token, { description: 'Ends a token of the calling account at once, its open streams too. To revoke it again changes nothing.' })
  async revokeToken(@Ctx() { actor }: RequestContext, @Arg('id', () => ID) id: string): Promise<Token> {
    if (actor.kind !== 'account') throw unauthenticated();
    return this.orm.em.fork().transactional(async (tx) => {
      const held = actor.teamId ? { teamId: actor.teamId } : {};
      const token = await tx.findOne(Token, { id: requireId(id), accountId: actor.accountId, ...held });
      if (!token) throw notFound();
      token.revokedAt ??= new Date();
      return token;
    });
  }
}
