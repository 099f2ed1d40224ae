import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import type { RequestContext } from '../../context.js';
import type { Database } from '../../entities/database.js';
import { KeyRotation } from '../../schema/key-rotation.payload.js';
import { rotateStep } from '../../vault/key-rotation.js';
import type { Vault } from '../../vault/vault.js';

@Resolver()
export class RotateKeysMutation {
  constructor(
    private readonly orm: Database,
    private readonly vault: Vault,
  ) {}

  @Mutation(() => KeyRotation, { description: 'One step of sealing anew all that was sealed before `since`; call it until it is done. The server serves meanwhile. Only the operator may.' })
  async rotateKeys(@Ctx() context: RequestContext, @Arg('since', () => Date) since: Date): Promise<KeyRotation> {
    const step = await rotateStep(this.orm, this.vault, since);
    const after = { keyId: this.vault.keyId, since: since.toISOString(), keys: step.keys, values: step.values, done: step.done };
    await recordAudit(this.orm.em.fork(), context, { action: 'rotateKeys', target: { kind: 'installation', id: this.vault.keyId }, after });
    return { ...step, keyId: this.vault.keyId };
  }
}
