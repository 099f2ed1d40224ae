import type { ClusterInstallation } from '../cluster-installation.js';

export interface SeenBackup {
  id: string;
  state: string;
  size: number | null;
  sha256: string | null;
  place: string | null;
  message: string | null;
  endedAt: string | null;
}

export interface SeenRestore {
  id: string;
  databaseId: string;
  state: string;
  message: string | null;
}

/** Backups and restores of an installation on the real cluster, as its users see them. */
export class BackupLife {
  constructor(private readonly apex: ClusterInstallation) {}

  /** A backup that has ended. */
  async make(databaseId: string): Promise<SeenBackup> {
    const { createBackup } = await this.apex.graphql<{ createBackup: { id: string } }>('mutation ($id: ID!) { createBackup(databaseId: $id) { id } }', { id: databaseId });
    const read = async (): Promise<SeenBackup> => (await this.list(databaseId)).find(({ id }) => id === createBackup.id)!;
    return this.apex.eventually(read, ({ state }) => state !== 'RUNNING', 60);
  }

  async list(databaseId: string): Promise<SeenBackup[]> {
    return (await this.apex.graphql<{ backups: { nodes: SeenBackup[] } }>('query ($id: ID!) { backups(databaseId: $id) { nodes { id state size sha256 place message endedAt } } }', { id: databaseId })).backups.nodes;
  }

  /** All that a download gives; throws where it is not whole. */
  async download(backupId: string): Promise<{ fileName: string; bytes: Buffer }> {
    const pieces: Buffer[] = [];
    const text = 'subscription ($backupId: ID!) { backupContent(backupId: $backupId) { fileName size bytes last } }';
    for await (const { backupContent: part } of this.apex.subscription<{ backupContent: { fileName: string; size: number; bytes: string; last: boolean } }>(text, { backupId })) {
      pieces.push(Buffer.from(part.bytes, 'base64'));
      const bytes = Buffer.concat(part.last ? pieces : []);
      if (part.last && bytes.length === part.size) return { fileName: part.fileName, bytes };
    }
    throw new Error('The download has ended without a last piece');
  }

  async remove(id: string): Promise<void> {
    await this.apex.graphql('mutation ($id: ID!) { deleteBackup(id: $id) { id } }', { id });
  }

  /** A restore that has ended: into a new database with `name`, else into the same one. */
  async restore(backupId: string, name?: string): Promise<SeenRestore> {
    const text = 'mutation ($backupId: ID!, $name: String) { restoreBackup(backupId: $backupId, name: $name) { id } }';
    const { restoreBackup } = await this.apex.graphql<{ restoreBackup: { id: string } }>(text, { backupId, ...(name && { name }) });
    return this.ended(restoreBackup.id);
  }

  /** A restore once it has ended. */
  async ended(id: string, seconds = 120): Promise<SeenRestore> {
    const read = async (): Promise<SeenRestore> => (await this.apex.graphql<{ restore: SeenRestore }>('query ($id: ID!) { restore(id: $id) { id databaseId state message } }', { id })).restore;
    return this.apex.eventually(read, ({ state }) => state !== 'RUNNING', seconds);
  }
}
