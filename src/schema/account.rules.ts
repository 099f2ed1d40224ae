import { z } from 'zod';

const MAX_NAME = 100;
const MIN_PASSWORD = 12;
const MAX_PASSWORD = 1024;

/** The rules of names, addresses and passwords. No message quotes a value. */
export const NAME = z.string().max(MAX_NAME, `must be at most ${MAX_NAME} characters`).regex(/\S/, 'must not be empty').regex(/^[^\p{Cc}]*$/u, 'must not hold control characters');

export const EMAIL = z.string().max(254, 'must be at most 254 characters').regex(z.regexes.email, 'must be an e-mail address');

export const PASSWORD = z.string().min(MIN_PASSWORD, `must be at least ${MIN_PASSWORD} characters`).max(MAX_PASSWORD, `must be at most ${MAX_PASSWORD} characters`);

/** Addresses are compared in small letters. */
export const normalEmail = (email: string): string => email.trim().toLowerCase();
