import type { ServiceSource } from '../../entities/service-source.js';
import type { ServiceSourceInput } from '../../schema/service-source.input.js';

/** The source as its row keeps it. */
export const sourceOf = (input: ServiceSourceInput | null | undefined): ServiceSource | null =>
  input ? { repository: input.repository, branch: input.branch, path: input.path ?? null, autoDeploy: input.autoDeploy } : null;
