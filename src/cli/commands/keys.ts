import type { Command } from 'commander';
import { ROTATE_KEYS } from '../client/operations.js';
import type { Surroundings } from '../surroundings.js';
import { clientOf } from './with-client.js';

export function addKeys(program: Command, surroundings: Surroundings): void {
  const keys = program.command('keys').description('the keys that seal secrets at rest');
  keys.command('rotate').description('seal everything anew, while the server serves; safe to interrupt and to run again').action(() => rotate(surroundings));
}

async function rotate(surroundings: Surroundings): Promise<void> {
  const client = clientOf(surroundings);
  const since = new Date().toISOString();
  let [keys, values] = [0, 0];
  for (;;) {
    const { rotation } = await client.run(ROTATE_KEYS, { since });
    keys += rotation.keys;
    values += rotation.values;
    if (!rotation.done) continue;
    process.stdout.write(`${values} values and ${keys} data keys are sealed anew, with key ${rotation.keyId}. The key before it (APEX_SECRET_KEY_PREVIOUS) is needed no more.\n`);
    return;
  }
}
