import type { EntityManager } from '@mikro-orm/postgresql';
import { Arg, ID, Resolver, Root, Subscription } from 'type-graphql';
import { recordAudit } from '../../auth/audit-log.js';
import { requireAccess } from '../../auth/tenant-scope.js';
import type { RequestContext } from '../../context.js';
import { BackupState } from '../../entities/backup-state.js';
import { Backup } from '../../entities/backup.js';
import { DATABASE_ENGINES } from '../../entities/database-catalogue.js';
import { ManagedDatabase } from '../../entities/managed-database.js';
import { badRequest, notFound } from '../../errors.js';
import type { BackupFile, Orchestrator } from '../../orchestrator/port.js';
import { BackupPart } from '../../schema/backup-part.types.js';
import type { AccessWatch } from '../subscription/access-watch.js';
import { notWired, type EventSource } from '../subscription/event-source.js';
import { whileAllowed } from '../subscription/while-allowed.js';

interface Args {
  backupId: string;
  databaseId?: string | null;
}

const COORDINATE = 'Subscription.backupContent';

/** A backup on its way out: as fast as its reader takes it. */
@Resolver()
export class BackupContentSubscription implements EventSource {
  readonly subscription = 'backupContent';

  constructor(
    private readonly orchestrator: Orchestrator,
    private readonly access: AccessWatch,
  ) {}

  @Subscription(() => BackupPart, {
    subscribe: notWired,
    description: "The content of a backup, decrypted and unpacked: a dump for the engine's own programs, piece by piece. Each download is in the log of the team. Needs no cluster.",
  })
  backupContent(
    @Root() part: BackupPart,
    @Arg('backupId', () => ID) _backupId: string,
    @Arg('databaseId', () => ID, { nullable: true, description: 'The database that the backup must be of: a safeguard.' }) _databaseId: string | null,
  ): BackupPart {
    return part;
  }

  async events({ backupId, databaseId }: Args, context: RequestContext) {
    const check = (em: EntityManager): Promise<string> => requireAccess(em, context.actor, COORDINATE, 'backup', backupId);
    const teamId = await check(context.em);
    const em = context.em.fork();
    const backup = await em.findOneOrFail(Backup, { id: backupId });
    if (databaseId != null && databaseId !== backup.databaseId) throw notFound();
    if (backup.state === BackupState.RUNNING) throw badRequest('The backup is still being made.');
    if (backup.state === BackupState.FAILED || backup.sealedKey === null || backup.contentSize === null) throw badRequest('The backup has failed: there is nothing to download.');
    const { name } = await em.findOneOrFail(ManagedDatabase, { id: backup.databaseId });
    await recordAudit(context.em.fork(), context, { action: 'downloadBackup', teamId, target: { kind: 'backup', id: backupId, name } });
    const fileName = `${name}-${backup.createdAt.toISOString().slice(0, 16).replaceAll(/[-:]/g, '')}Z.${DATABASE_ENGINES[backup.engine].dumpFile}`;
    const open = (signal: AbortSignal): AsyncIterable<BackupPart> => partsOf(this.orchestrator.backupFile(backup, signal), fileName, signal);
    return whileAllowed({ context, access: this.access, coordinate: `${COORDINATE} ${backupId}`, serviceId: backupId, check, open });
  }
}

async function* partsOf({ size, content }: BackupFile, fileName: string, signal: AbortSignal): AsyncGenerator<BackupPart> {
  for await (const bytes of content) yield { fileName, size, bytes: bytes.toString('base64'), last: false };
  if (!signal.aborted) yield { fileName, size, bytes: '', last: true };
}
