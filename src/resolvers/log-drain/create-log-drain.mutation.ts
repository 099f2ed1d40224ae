import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireTeam } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { newId } from '../../entities/columns.js';
import { LogDrain } from '../../entities/log-drain.js';
import { badRequest } from '../../errors.js';
import { CreateLogDrainInput } from '../../schema/log-drain.inputs.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { lockTeam } from '../team/lock-team.js';
import { requireSafeAddress } from './drain-address.js';

const MOST_DRAINS = 5;

@Resolver()
export class CreateLogDrainMutation {
  constructor(
    private readonly vault: Vault,
    private readonly allowedInternal: readonly string[],
  ) {}

  @Mutation(() => LogDrain, { description: "Sends a team's log lines somewhere from now on: lines that come, not those that are kept already." })
  async createLogDrain(@Ctx() context: RequestContext, @Arg('input', () => CreateLogDrainInput) input: CreateLogDrainInput): Promise<LogDrain> {
    const { name, url, token } = input;
    return inTransaction(context, async (tx) => {
      const teamId = await requireTeam(tx, context.actor, 'Mutation.createLogDrain', input.teamId);
      requireSafeAddress(context, url, this.allowedInternal);
      await lockTeam(tx, context.actor, 'Mutation.createLogDrain', teamId);
      if ((await tx.count(LogDrain, { teamId })) >= MOST_DRAINS) throw badRequest(`A team has at most ${MOST_DRAINS} log drains.`);
      const id = newId();
      const sealedToken = token == null ? null : await this.vault.seal(tx, teamId, id, token);
      const drain = Object.assign(new LogDrain(), { id, teamId, name, url, sealedToken });
      await tx.persist(drain).flush();
      await tx.execute('insert into log_drain_position (drain, source, next_line) select ?, source, next_line from log_trail where team_id = ?', [id, teamId], 'run');
      await recordAudit(tx, context, { action: 'createLogDrain', teamId, target: { kind: 'logDrain', id, name }, after: { url } });
      return drain;
    });
  }
}
