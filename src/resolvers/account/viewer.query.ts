import { Ctx, Query, Resolver } from 'type-graphql';
import { requireAccount } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { Account } from '../../entities/account.js';

@Resolver()
export class ViewerQuery {
  @Query(() => Account, { description: 'Who is asking.' })
  async viewer(@Ctx() { em, actor }: RequestContext): Promise<Account> {
    const { accountId } = requireAccount(actor);
    return em.findOneOrFail(Account, { id: accountId }, { disableIdentityMap: true });
  }
}
