import { z } from 'zod';
import { isImageReference } from './image-reference.js';
import { quantityOf } from './quantity.js';

/** The rules of a service's fields. No message quotes a value. */

// A letter first, as RFC 1035 has it: Kubernetes asks that of the name by which services find each other.
const LABEL = /^[a-z]([a-z0-9-]*[a-z0-9])?$/;
const LABEL_RULE = 'must be a DNS label: small letters, digits and hyphens, a letter first and no hyphen last';
const label = (longest: number) => z.string().max(longest, `must be at most ${longest} characters`).regex(LABEL, LABEL_RULE);

const between = (least: number, most: number) => {
  const rule = `must be a whole number from ${least} to ${most}`;
  return z.int(rule).min(least, rule).max(most, rule);
};

export const SERVICE_NAME = label(50);
export const ENVIRONMENT_NAME = label(40);
export const GROUP_NAME = label(50);

export const IMAGE = z.string().refine(isImageReference, 'must be an image reference, such as nginx:alpine or ghcr.io/owner/app@sha256:…');
export const PORT = between(1, 65_535);
export const REPLICAS = between(0, 100);

const word = z.string().max(4096, 'must be at most 4096 characters').refine((text) => !text.includes('\0'), 'must not hold a NUL character');
export const WORDS = z.array(word).min(1, 'must hold at least one word').max(100, 'must hold at most 100 words');

export const CHECK_PATH = z.string().max(1024, 'must be at most 1024 characters').regex(/^\/[!-~]*$/, 'must begin with "/" and hold no space');
export const CHECK_INTERVAL = between(1, 300);
export const CHECK_TIMEOUT = between(1, 60);

export const DEPLOY_TIMEOUT = between(5, 3_600);

const quantity = (least: number, most: number, rule: string) =>
  z.string().refine((text) => {
    const value = quantityOf(text);
    return value !== null && value >= least && value <= most;
  }, rule);

const MI = 1024 ** 2;
export const CPU = quantity(0.01, 64, 'must be a Kubernetes quantity from 10m to 64, such as 500m');
export const MEMORY = quantity(16 * MI, 256 * 1024 * MI, 'must be a Kubernetes quantity from 16Mi to 256Gi, such as 256Mi');
