import type { EntityManager } from '@mikro-orm/postgresql';
import type { RecoveryPlan } from '../../../entities/recovery-plan.js';
import type { OpenEngine } from '../backup/engine-access.js';
import { stageInput } from '../backup/engine-content.js';
import type { PartStore } from './part-store.js';
import { recoveryArchive } from './recovery-archive.js';
import { cleanRecovery, recoveryOf } from './recovery-commands.js';

const CLEAN_MS = 30_000;

/** Stages the content as of a time in an engine: a second server beside it plays the log back. Throws `EngineRefused` and `ObjectBroken`; nothing is left then. */
export async function stageRecovered(em: EntityManager, engine: OpenEngine, restoreId: string, plan: RecoveryPlan, parts: PartStore, signal: AbortSignal): Promise<void> {
  const script = `R=${restoreId}; TARGET=${plan.target?.toISOString().replace('Z', '+00') ?? ''}\n${recoveryOf(engine).stage}`;
  try {
    await stageInput(engine.at, engine.password, script, plan.room, { input: recoveryArchive(em, plan, parts, signal), endsInput: true }, signal);
  } catch (error) {
    await cleanRecovery(engine, AbortSignal.timeout(CLEAN_MS)).catch(() => undefined);
    throw error;
  }
}
