import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { tryCommand } from './run-command.js';

const DEADLINE_MS = 60_000;

/**
 * Gives back the room of layers that no image of the registry has any more. Only while the registry does not run: it would
 * take away what is being pushed. A failure changes nothing but the room.
 */
export async function collectRegistryRubbish({ program, config, folder }: { program: string; config: string; folder: string }, signal?: AbortSignal): Promise<void> {
  if (!existsSync(join(folder, 'docker')) || !existsSync(program)) return;
  await tryCommand(program, ['garbage-collect', '--quiet', config], { timeoutMs: DEADLINE_MS, signal, env: { OTEL_TRACES_EXPORTER: 'none' } });
}
