import { expect, test } from '@jest/globals';
import { hashPassword, isPassword } from '../../src/auth/password.js';

test('a password is kept as argon2id with a salt of its own, and opens only with itself', async () => {
  const [one, other] = await Promise.all([hashPassword('correct horse battery'), hashPassword('correct horse battery')]);
  expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(one).not.toBe(other);
  expect(await isPassword('correct horse battery', one)).toBe(true);
  expect(await isPassword('correct horse batterY', one)).toBe(false);
  expect(await isPassword('', one)).toBe(false);
});

test('what is no hash opens with nothing', async () => {
  for (const kept of [null, '', 'correct horse battery', '$argon2id$v=19$m=1,t=1,p=1$']) expect(await isPassword('correct horse battery', kept)).toBe(false);
});

test('a hash of another program opens: the format is the common one', async () => {
  // Made by the reference implementation: echo -n password | argon2 somesalt -id -t 2 -k 65536 -p 1 -l 24
  expect(await isPassword('password', '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc')).toBe(true);
});
