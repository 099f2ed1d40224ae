import { randomBytes } from 'node:crypto';
import { Arg, Ctx, ID, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import { ServiceWebhook } from '../../schema/service-webhook.payload.js';
import type { Vault } from '../../vault/vault.js';
import { inTransaction } from '../in-transaction.js';
import { lockService } from '../service/lock-service.js';

const SECRET_BYTES = 32;

@Resolver()
export class CreateServiceWebhookMutation {
  constructor(
    private readonly vault: Vault,
    private readonly publicUrl: string,
  ) {}

  @Mutation(() => ServiceWebhook, { description: "A webhook of the service's own: its address and a new secret, which is shown this once. The secret before it ends." })
  async createServiceWebhook(@Ctx() context: RequestContext, @Arg('serviceId', () => ID) serviceId: string): Promise<ServiceWebhook> {
    return inTransaction(context, async (tx) => {
      const service = await lockService(tx, context.actor, 'Mutation.createServiceWebhook', serviceId);
      const secret = randomBytes(SECRET_BYTES).toString('hex');
      service.sealedWebhookSecret = await this.vault.seal(tx, service.teamId, service.id, secret);
      await recordAudit(tx, context, { action: 'createServiceWebhook', teamId: service.teamId, target: { kind: 'service', id: service.id, name: service.name } });
      return { url: `${this.publicUrl}/api/webhooks/github?service=${service.id}`, secret };
    });
  }
}
