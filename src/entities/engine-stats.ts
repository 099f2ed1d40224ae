import { mongoEval } from './mongodb-shell.js';

/**
 * How an engine tells how busy it is: shell with the password in `$P`, which prints lines of a name and a number. `connections` are those
 * of others (not the one that asks), `maxConnections` how many it takes, `memory` the bytes that its content takes, where it knows.
 */
export const POSTGRES_STATS = `PGPASSWORD="$P" psql -h "$POD_IP" -U app -d app -XtAqc "select 'connections ' || count(*) from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() union all select 'maxConnections ' || current_setting('max_connections')"`;

/** `schema` is where the engine keeps its counters. */
export const mysqlStats = (client: string, schema: 'information_schema' | 'performance_schema'): string =>
  `MYSQL_PWD="$P" ${client} app -N -e "select concat('connections ', variable_value - 1) from ${schema}.global_status where variable_name = 'threads_connected'; select concat('maxConnections ', @@max_connections)"`;

/** Its lines end with a carriage return. */
export const REDIS_STATS = `REDISCLI_AUTH="$P" redis-cli --no-auth-warning info | while IFS=: read -r name value; do
  value=\${value%?}
  case $name in connected_clients) echo "connections $((value - 1))" ;; maxclients) echo "maxConnections $value" ;; used_memory) echo "memory $value" ;; esac
done`;

export const MONGODB_STATS = mongoEval(
  'const s = app.serverStatus(); print("connections " + (s.connections.current - 1)); print("maxConnections " + (s.connections.current + s.connections.available)); print("memory " + s.mem.resident * 1048576)',
);
