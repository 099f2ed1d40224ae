import { z } from 'zod';
import { isImageReference } from './image-reference.js';
import { SERVICE_NAME } from './workload.rules.js';

const MOST_NEEDS = 20;
/** As long as a commit may be. */
const SOME_COMMIT = 'a'.repeat(40);

export const NEEDS = z.array(SERVICE_NAME).max(MOST_NEEDS, `must name at most ${MOST_NEEDS} services and databases`);

export const PREVIEW_IMAGE = z
  .string()
  .refine((text) => isImageReference(text.replaceAll('{commit}', SOME_COMMIT).replaceAll('{number}', '1')), 'must be an image reference, such as ghcr.io/owner/app:{commit}');
