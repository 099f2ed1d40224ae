import { Ctx, Query, Resolver } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Account } from '../../entities/account.js';
import { unauthenticated } from '../../errors.js';

@Resolver()
export class ViewerQuery {
  @Query(() => Account, { description: 'Who is asking.' })
  async viewer(@Ctx() { em, actor }: RequestContext): Promise<Account> {
    if (actor.kind !== 'account') throw unauthenticated();
    return em.findOneOrFail(Account, { id: actor.accountId }, { disableIdentityMap: true });
  }
}
