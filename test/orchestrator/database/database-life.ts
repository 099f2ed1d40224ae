import type { ClusterInstallation } from '../cluster-installation.js';

const FIELDS = 'id name type version size status statusMessage storage paused purgeAt finalBackupId lastBackup { state trigger message }';

export interface SeenDatabase {
  id: string;
  name: string;
  status: string;
  statusMessage: string | null;
  storage: string;
  paused: boolean;
  purgeAt: string | null;
  finalBackupId: string | null;
  lastBackup: { state: string; trigger: string; message: string | null } | null;
}

export interface Connection {
  host: string;
  port: number;
  username: string | null;
  password: string;
  url: string;
}

export interface SeenUsage {
  connections: number | null;
  maxConnections: number | null;
  memoryUsed: number | null;
  storageUsed: number;
  storageTotal: number;
}

/** Databases of an installation on the real cluster, as its users see them. */
export class DatabaseLife {
  constructor(private readonly apex: ClusterInstallation) {}

  async create(input: Record<string, unknown>): Promise<SeenDatabase> {
    return (await this.apex.graphql<{ createDatabase: SeenDatabase }>(`mutation ($input: CreateDatabaseInput!) { createDatabase(input: $input) { ${FIELDS} } }`, { input })).createDatabase;
  }

  async read(id: string): Promise<SeenDatabase> {
    return (await this.apex.graphql<{ database: SeenDatabase }>(`query ($id: ID!) { database(id: $id) { ${FIELDS} } }`, { id })).database;
  }

  async connection(id: string): Promise<Connection> {
    const text = 'query ($id: ID!) { databaseConnection(id: $id) { host port username password url } }';
    return (await this.apex.graphql<{ databaseConnection: Connection }>(text, { id })).databaseConnection;
  }

  /** What it told of itself when it was last looked at. */
  async usage(id: string): Promise<SeenUsage> {
    const text = 'query ($id: ID!) { databaseUsage(id: $id) { connections maxConnections memoryUsed storageUsed storageTotal } }';
    return (await this.apex.graphql<{ databaseUsage: SeenUsage }>(text, { id })).databaseUsage;
  }

  /** Runs a mutation of one database, with further arguments as GraphQL. */
  async change(mutation: string, id: string, more = ''): Promise<SeenDatabase> {
    return (await this.apex.graphql<Record<string, SeenDatabase>>(`mutation ($id: ID!) { ${mutation}(id: $id${more}) { ${FIELDS} } }`, { id }))[mutation]!;
  }

  link(serviceId: string, databaseId: string, as?: string): Promise<unknown> {
    return this.apex.graphql('mutation ($serviceId: ID!, $databaseId: ID!, $as: String! = "DATABASE_URL") { linkDatabase(serviceId: $serviceId, databaseId: $databaseId, as: $as) { id } }', { serviceId, databaseId, ...(as && { as }) });
  }

  /** Waits for the event that makes it so, and says what it saw last when none did. */
  async until(id: string, what: (database: SeenDatabase) => boolean, seconds = 90): Promise<SeenDatabase> {
    const signal = AbortSignal.timeout(seconds * 1000);
    const changes = this.apex.events.subscribe('database.changed', signal);
    let seen = await this.read(id);
    if (what(seen)) return seen;
    for await (const change of changes) {
      if (change && change.databaseId !== id) continue;
      seen = await this.read(id);
      if (what(seen)) return seen;
    }
    throw new Error(`After ${seconds} s the database is ${JSON.stringify(seen)}`);
  }

  available(id: string, seconds?: number): Promise<SeenDatabase> {
    return this.until(id, ({ status }) => status === 'AVAILABLE', seconds);
  }
}
