import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../entities/columns.js';
import { PreviewVariable } from '../../entities/preview-variable.js';
import type { Service } from '../../entities/service.js';
import type { Fault } from '../../errors.js';
import type { ServicePreviewsInput } from '../../schema/service-previews.input.js';
import type { Vault } from '../../vault/vault.js';

/** What is wrong with the service's part in previews, whatever its single fields are. */
export const previewFaults = ({ source, name }: Pick<Service, 'source' | 'name'>, input: ServicePreviewsInput | null | undefined): Fault[] => {
  if (!input) return [];
  if ((input.enabled ?? true) && !source) return [{ path: 'previews', message: 'needs a source: previews follow the pull requests of its repository' }];
  return (input.needs ?? []).includes(name) ? [{ path: 'previews.needs', message: 'must not name the service itself' }] : [];
};

/**
 * Sets how the service, which `tx` manages, takes part in previews; null ends it, variables included. What is open already
 * changes with the next push to its pull request. Answers whether anything was given.
 */
export async function setPreviews(tx: EntityManager, vault: Vault, service: Service, input: ServicePreviewsInput | null | undefined): Promise<boolean> {
  if (input === undefined) return false;
  if (input === null) {
    await tx.nativeDelete(PreviewVariable, { serviceId: service.id });
    service.previews = null;
    return true;
  }
  const variables = new Set(service.previews?.variables);
  for (const [key, value] of Object.entries(input.variables ?? {})) {
    await tx.nativeDelete(PreviewVariable, { serviceId: service.id, key });
    variables.delete(key);
    if (value === null) continue;
    const id = newId();
    await tx.insert(PreviewVariable, { id, serviceId: service.id, key, sealedValue: await vault.seal(tx, service.teamId, id, value), createdAt: new Date() });
    variables.add(key);
  }
  service.previews = { enabled: input.enabled ?? true, image: input.image ?? null, needs: input.needs ?? [], variables: [...variables].sort() };
  return true;
}
