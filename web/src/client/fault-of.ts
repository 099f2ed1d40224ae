import type { Refusal } from './refusal.js';

/** What the server said of one field. */
export const faultOf = (refusal: Refusal | null, path: string): string | undefined => refusal?.faults.find((fault) => fault.path === path)?.message;
