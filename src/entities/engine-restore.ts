import { mongoTool } from './mongodb-shell.js';

/**
 * How a dump becomes the content of a running engine, as shell scripts with the password in `$P`. `stage` reads the dump, of `$N`
 * bytes, from the standard input, which does not end by itself, and touches nothing of what is there; `adopt` puts what was staged in its place, and keeps the
 * old content until the new one has answered. They may be cut off anywhere and are then run again from `stage` on. A `stage` that fails
 * leaves nothing on the volume; an `adopt` that ends with `OLD_CONTENT_LOST` could not put the old content back.
 * Each makes sure that it has all of the dump: where a command that reads slowly is the shell's last, so that the shell
 * becomes it, containerd 1.6 was seen to end its input early, and the command did not notice.
 */
export interface EngineRestore {
  stage: string;
  adopt: string;
}

/** The code with which `adopt` ends where neither the new content nor the old one is whole. */
export const OLD_CONTENT_LOST = 5;

/** What ends a dump of PostgreSQL: it is there once all before it has been read. */
export const POSTGRES_WHOLE = 'create schema apex_whole;';

/** Loaded into a database of its own, which then changes names with the old one in one transaction. */
export const POSTGRES_RESTORE: EngineRestore = {
  stage: `export PGPASSWORD="$P" PGHOST="$POD_IP" PGUSER=app
psql -d postgres -Xq -v ON_ERROR_STOP=1 -c 'drop database if exists apex_staged with (force)' -c 'create database apex_staged template template0' &&
head -c "$N" | psql -d apex_staged -Xq --single-transaction -v ON_ERROR_STOP=1 -o /dev/null ||
{ psql -d postgres -Xq -c 'drop database if exists apex_staged with (force)'; exit 3; }`,
  // Whoever is connected is sent away: a database in use cannot change its name. Some come back quickly, so it may take more than one try.
  adopt: `export PGPASSWORD="$P" PGHOST="$POD_IP" PGUSER=app
ask() { psql -Xqt -v ON_ERROR_STOP=1 -o /dev/null -d "$@"; }
ask apex_staged -c 'drop schema apex_whole' -c 'select count(*) from pg_class' || exit 3
ask postgres -c 'drop database if exists apex_old with (force)' || exit 3
tries=0
until ask postgres -c "select pg_terminate_backend(pid) from pg_stat_activity where datname in ('app', 'apex_staged')" &&
  ask postgres -c 'alter database app rename to apex_old; alter database apex_staged rename to app'; do
  tries=$((tries + 1)); [ $tries -lt 10 ] || exit 4; sleep 0.2
done
ask app -c 'select count(*) from pg_class' && ask postgres -c 'drop database if exists apex_old with (force)' && exit 0
ask postgres -c 'alter database app rename to apex_staged; alter database apex_old rename to app' && exit 4; exit ${OLD_CONTENT_LOST}`,
};

/** The user owns one schema only, so the old content is written to the volume before the dump replaces it. */
export const mysqlRestore = (folder: string, client: string, dump: string): EngineRestore => ({
  stage: `cd ${folder} && rm -f .apex-staged.sql && head -c "$N" > .apex-staged.sql && [ "$(wc -c < .apex-staged.sql)" -eq "$N" ] || { rm -f .apex-staged.sql; exit 3; }`,
  adopt: `export MYSQL_PWD="$P"
cd ${folder} || exit 3
[ -s .apex-old.sql ] || { ${dump} > .apex-old.part && mv .apex-old.part .apex-old.sql; } || exit 3
${client} < .apex-staged.sql && ${client} app -N -e 'select count(*) from information_schema.tables' > /dev/null
end=$?
[ $end -eq 0 ] || ${client} < .apex-old.sql || exit ${OLD_CONTENT_LOST}
rm -f .apex-old.sql .apex-staged.sql
exit $end`,
});

/** A second engine beside the first loads the file; the first becomes its replica until it has all of it. It keeps its old content until the transfer is whole. */
export const REDIS_RESTORE: EngineRestore = {
  stage: 'rm -rf /data/.apex-side && mkdir /data/.apex-side && head -c "$N" > /data/.apex-side/dump.rdb && [ "$(wc -c < /data/.apex-side/dump.rdb)" -eq "$N" ] || { rm -rf /data/.apex-side; exit 3; }',
  adopt: `export REDISCLI_AUTH="$P"
cli() { redis-cli --no-auth-warning "$@"; }
quiet() { cli "$@" > /dev/null 2>&1; }
until_so() { tries=0; until "$@"; do tries=$((tries + 1)); [ $tries -lt 3000 ] || return 1; kill -0 $side 2> /dev/null || return 1; sleep 0.2; done; }
printf 'port 6380\\nbind 127.0.0.1\\ndir /data/.apex-side\\ndbfilename dump.rdb\\nappendonly no\\nsave ""\\nrequirepass %s\\n' "$P" | redis-server - > /data/.apex-side/log 2>&1 &
side=$!
answers() { cli -p 6380 ping 2> /dev/null | grep -q PONG; }
follows() { cli info replication | grep -q master_link_status:up; }
written() { state=$(cli info persistence); echo "$state" | grep -q aof_rewrite_in_progress:0 && echo "$state" | grep -q aof_rewrite_scheduled:0; }
until_so answers && printf 'CONFIG SET masterauth %s\\n' "$P" | quiet && quiet replicaof 127.0.0.1 6380 && until_so follows
end=$?
quiet replicaof no one; quiet config set masterauth ''
[ $end -ne 0 ] || until_so written || end=${OLD_CONTENT_LOST}
[ $end -eq 0 ] || grep -m 1 Fatal /data/.apex-side/log >&2
quiet -p 6380 shutdown nosave; wait $side
rm -rf /data/.apex-side
exit $end`,
};

export const MONGODB_RESTORE: EngineRestore = {
  stage: 'rm -f /data/db/.apex-staged && head -c "$N" > /data/db/.apex-staged && [ "$(wc -c < /data/db/.apex-staged)" -eq "$N" ] || { rm -f /data/db/.apex-staged; exit 3; }',
  adopt: `cd /data/db || exit 3
[ -s .apex-old ] || { ${mongoTool('mongodump')} -d app --archive=.apex-old.part && mv .apex-old.part .apex-old; } || exit 3
${mongoTool('mongorestore')} --drop --archive=.apex-staged
end=$?
[ $end -eq 0 ] || ${mongoTool('mongorestore')} --drop --archive=.apex-old || exit ${OLD_CONTENT_LOST}
rm -f .apex-old .apex-staged
exit $end`,
};
