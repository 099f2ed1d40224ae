import { LockMode } from '@mikro-orm/postgresql';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { LogDrain } from '../../entities/log-drain.js';
import { notFound } from '../../errors.js';
import { UpdateLogDrainInput } from '../../schema/log-drain.inputs.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { requireSafeAddress } from './drain-address.js';

@Resolver()
export class UpdateLogDrainMutation {
  constructor(
    private readonly vault: Vault,
    private readonly allowedInternal: readonly string[],
  ) {}

  @Mutation(() => LogDrain, { description: 'Changes a drain. It goes on behind the lines that it has sent.' })
  async updateLogDrain(@Ctx() context: RequestContext, @Arg('id', () => ID) id: string, @Arg('input', () => UpdateLogDrainInput) input: UpdateLogDrainInput): Promise<LogDrain> {
    return inTransaction(context, async (tx) => {
      const teamId = await requireAccess(tx, context.actor, 'Mutation.updateLogDrain', 'logDrain', id);
      const drain = await tx.findOne(LogDrain, { id }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!drain) throw notFound();
      const before = { name: drain.name, url: drain.url };
      const url = input.url ?? drain.url;
      requireSafeAddress(context, url, this.allowedInternal);
      // A token goes to the host that it was given for, and to no other.
      if (new URL(url).host !== new URL(drain.url).host) drain.sealedToken = null;
      if (input.token != null) drain.sealedToken = await this.vault.seal(tx, teamId, id, input.token);
      drain.name = input.name ?? drain.name;
      drain.url = url;
      drain.lastError = null;
      await tx.flush();
      await recordAudit(tx, context, { action: 'updateLogDrain', teamId, target: { kind: 'logDrain', id, name: drain.name }, before, after: { name: drain.name, url } });
      return drain;
    });
  }
}
