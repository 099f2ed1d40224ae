/** `volatile` trades the data's safety against a power cut for speed: for tests. */
export type Durability = 'durable' | 'volatile';

/** The arguments that configure PostgreSQL: no file is edited, so another version of Apex brings its own. */
export function postgresSettings(port: number, durability: Durability): string[] {
  const settings: Record<string, string | number> = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '', // a socket's path may hold 107 bytes only
    cluster_name: 'apex',
    max_connections: 200,
    shared_buffers: '128MB',
    jit: 'off', // costs more than it gains for short statements
    timezone: 'UTC',
    log_timezone: 'UTC',
    password_encryption: 'scram-sha-256',
    log_min_error_statement: 'panic', // a failed statement may hold a secret
    ...(durability === 'volatile' ? { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' } : {}),
  };
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
