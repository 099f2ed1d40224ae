import { mongoEval, mongoTool } from './mongodb-shell.js';

/**
 * How a dump becomes the content of a running engine, as shell scripts with the password in `$P`. `stage` reads the dump, of `$N`
 * bytes, from the standard input, which does not end by itself, and touches nothing of what is there; `adopt` puts what was staged in its place, and keeps the
 * old content, under a name with the restore's id `$R`, until the new one has answered. They may be cut off anywhere and are then run again from
 * `stage` on; `putBack` undoes what an `adopt` that was cut off has done, and does nothing where there is nothing to undo. What another restore
 * left behind is removed: the database has lived on with what it had. A `stage` that fails leaves nothing on the volume; what ends with
 * `OLD_CONTENT_LOST` could not put the old content back.
 * Each makes sure that it has all of the dump: where a command that reads slowly is the shell's last, so that the shell
 * becomes it, containerd 1.6 was seen to end its input early, and the command did not notice.
 */
export interface EngineRestore {
  stage: string;
  adopt: string;
  putBack: string;
}

/** The code with which `adopt` and `putBack` end where neither the new content nor the old one is whole. */
export const OLD_CONTENT_LOST = 5;

/** What ends a dump of PostgreSQL: it is there once all before it has been read. */
export const POSTGRES_WHOLE = 'create schema apex_whole;';

/** Shell: how a session speaks to the engine, and what is done to its databases by name. */
export const POSTGRES_SESSION = `export PGPASSWORD="$P" PGHOST="$POD_IP" PGUSER=app
ask() { psql -Xqt -v ON_ERROR_STOP=1 -o /dev/null -d "$@"; }
old="apex_old_$R"
databases() { psql -d postgres -XtAc "select datname from pg_database where datname like 'apex\\\\_old%' and datname $1 '$old'"; }
drop() { ask postgres -c "drop database if exists \\"$1\\" with (force)"; }
# Whoever is connected is sent away: a database in use cannot change its name. Some come back quickly, so it may take more than one try.
swap() {
  tries=0
  until ask postgres -c "select pg_terminate_backend(pid) from pg_stat_activity where datname in ('app', 'apex_staged', '$old')" &&
    ask postgres -c "alter database app rename to \\"$1\\"; alter database \\"$2\\" rename to app"; do
    tries=$((tries + 1)); [ $tries -lt 10 ] || return 1; sleep 0.2
  done
}
put_back() { [ -z "$(databases =)" ] || { drop apex_staged && swap apex_staged "$old" && drop apex_staged; }; }`;

/** Loaded into a database of its own, which then changes names with the old one in one transaction. */
export const POSTGRES_RESTORE: EngineRestore = {
  // What a cut has left between the change of names and the check is undone first, so that only the true old content is ever called old.
  stage: `${POSTGRES_SESSION}
put_back || exit 3
for left in $(databases '<>'); do drop "$left" || exit 3; done
drop apex_staged && ask postgres -c 'create database apex_staged template template0' &&
head -c "$N" | psql -d apex_staged -Xq --single-transaction -v ON_ERROR_STOP=1 -o /dev/null ||
{ drop apex_staged; exit 3; }`,
  adopt: `${POSTGRES_SESSION}
ask apex_staged -c 'drop schema apex_whole' -c 'select count(*) from pg_class' || exit 3
swap "$old" apex_staged || exit 4
ask app -c 'select count(*) from pg_class' && drop "$old" && exit 0
put_back && exit 4; exit ${OLD_CONTENT_LOST}`,
  putBack: `${POSTGRES_SESSION}
put_back && drop apex_staged || exit ${OLD_CONTENT_LOST}`,
};

/** The user owns one schema only, so the old content is written to the volume before the dump replaces it. */
export const mysqlRestore = (folder: string, client: string, dump: string): EngineRestore => keptInFiles(folder, {
  prepare: 'export MYSQL_PWD="$P"', dump: (file) => `${dump} > ${file}`, load: (file) => `${client} < ${file}`, check: `${client} app -N -e 'select count(*) from information_schema.tables' > /dev/null`,
});

interface FileCommands {
  /** Sets what the others need of the password. */
  prepare: string;
  dump: (file: string) => string;
  load: (file: string) => string;
  /** Fails unless the engine answers with its content. */
  check: string;
}

/** The old content lies in a file on the volume while the new one replaces it. */
function keptInFiles(folder: string, { prepare, dump, load, check }: FileCommands): EngineRestore {
  const old = '".apex-old-$R"';
  const start = `${prepare}
put_back() { [ ! -s ${old} ] || { ${load(old)} && rm -f ${old}; }; }
cd ${folder} || exit 3`;
  return {
    stage: `cd ${folder} && rm -f .apex-staged .apex-old.part .apex-old.sql .apex-old || exit 3
for left in .apex-old-*; do [ "$left" = ${old} ] || rm -f "$left"; done
head -c "$N" > .apex-staged && [ "$(wc -c < .apex-staged)" -eq "$N" ] || { rm -f .apex-staged; exit 3; }`,
    adopt: `${start}
[ -s ${old} ] || { ${dump('.apex-old.part')} && mv .apex-old.part ${old}; } || exit 3
${load('.apex-staged')} && ${check}
end=$?
[ $end -eq 0 ] || put_back || exit ${OLD_CONTENT_LOST}
rm -f ${old} .apex-staged
exit $end`,
    putBack: `${start}
put_back && rm -f .apex-staged .apex-old.part || exit ${OLD_CONTENT_LOST}`,
  };
}

/** A second engine beside the first loads the file; the first becomes its replica until it has all of it. It keeps its old content until the transfer is whole. */
export const REDIS_RESTORE: EngineRestore = {
  stage: 'rm -rf /data/.apex-side && mkdir /data/.apex-side && head -c "$N" > /data/.apex-side/dump.rdb && [ "$(wc -c < /data/.apex-side/dump.rdb)" -eq "$N" ] || { rm -rf /data/.apex-side; exit 3; }',
  adopt: `export REDISCLI_AUTH="$P"
cli() { redis-cli --no-auth-warning "$@"; }
quiet() { cli "$@" > /dev/null 2>&1; }
until_so() { tries=0; until "$@"; do tries=$((tries + 1)); [ $tries -lt 3000 ] || return 1; kill -0 $side 2> /dev/null || return 1; sleep 0.2; done; }
printf 'port 6380\\nbind 127.0.0.1\\ndir /data/.apex-side\\ndbfilename dump.rdb\\nappendonly no\\nsave ""\\nrepl-diskless-sync-delay 0\\nrequirepass %s\\n' "$P" | redis-server - > /data/.apex-side/log 2>&1 &
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
  // It has its old content until it has all of the new one, and follows nobody after its own restart.
  putBack: `export REDISCLI_AUTH="$P"
redis-cli --no-auth-warning replicaof no one > /dev/null && redis-cli --no-auth-warning config set masterauth '' > /dev/null && rm -rf /data/.apex-side || exit ${OLD_CONTENT_LOST}`,
};

export const MONGODB_RESTORE: EngineRestore = keptInFiles('/data/db', {
  prepare: ':', dump: (file) => `${mongoTool('mongodump')} -d app --archive=${file}`, load: (file) => `${mongoTool('mongorestore')} --drop --archive=${file}`, check: mongoEval('app.stats().ok'),
});
