import DataLoader from 'dataloader';
import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { RequestContext } from '../../context.js';
import { Deployment } from '../../entities/deployment.js';
import { DeploymentAuthor } from '../../schema/deployment-author.js';

interface Raw {
  id: string;
  account_id: string | null;
  account: string | null;
  token: string | null;
}

@Resolver(() => Deployment)
export class DeploymentAuthorFields {
  private readonly loaders = new WeakMap<RequestContext, DataLoader<string, DeploymentAuthor | null>>();

  @FieldResolver(() => DeploymentAuthor, { nullable: true })
  async createdBy(@Root() { id }: Deployment, @Ctx() context: RequestContext): Promise<DeploymentAuthor | null> {
    const loader = this.loaders.get(context) ?? new DataLoader((ids: readonly string[]) => authorsOf(context, ids), { cache: false });
    this.loaders.set(context, loader);
    return loader.load(id);
  }
}

async function authorsOf({ em }: RequestContext, ids: readonly string[]): Promise<(DeploymentAuthor | null)[]> {
  const rows = await em.execute<Raw[]>(
    `select deployment.id, deployment.account_id, account.name as account, token.name as token
     from deployment left join account on account.id = deployment.account_id left join token on token.id = deployment.token_id where deployment.id = any(?::uuid[])`,
    [`{${ids.join(',')}}`],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => {
    const row = found.get(id);
    const name = row?.account ?? row?.token;
    return row && name != null ? { accountId: row.account_id, name, token: row.token } : null;
  });
}
