import { POSTGRES_SESSION, POSTGRES_WHOLE } from './engine-restore.js';

/**
 * How the log of an engine is kept for a recovery to a point in time, as shell scripts with the password in `$P`. The engine keeps what was not
 * archived yet, by a slot of its own, up to a quarter of its volume.
 */
export interface EngineRecovery {
  /**
   * Prints what is to be archived, a word and its value a line. `$NEXT` is the number of the first segment that is not archived (empty where none ever was), `$SNAPSHOT` the
   * transactions that the archive ends with. `began`: a new chain of segments begins with this number, for the one before is gone. `reached`: the
   * milliseconds since 1970 until which all that was committed is in the archive, once the segments below `current` are. Without `current`
   * nothing was committed since `$SNAPSHOT`.
   */
  look: string;
  /** Writes the segment `$NAME`, compressed. */
  segment: string;
  /** Lets go of what was archived, up to the place `$SWITCHED` that `look` printed. */
  advance: string;
  /** Prints the number of the present segment and the time in milliseconds since 1970. */
  now: string;
  /** Writes a base, from which the segments lead on, as a tar file. The segment that was the present one before it is the first that it needs. */
  base: string;
  /** Keeps no log any more. */
  end: string;
  /**
   * As `stage` of a restore: makes of a base and segments the content as of `$TARGET` (empty: all there is) and stages that. The input is a tar file: the base in the folder `base`, each segment as `wal/NAME.gz`,
   * and at the end a file `whole`. All of it lies in a folder of its own on the volume, and is gone when it ends.
   */
  stage: string;
  /** Ends a `stage` that was cut off, wherever it is. */
  clean: string;
}

const SIZE = "(select setting::numeric from pg_settings where name = 'wal_segment_size')";
const numberOf = (position: string): string => `floor((${position} - '0/0'::pg_lsn) / ${SIZE})`;
const PRESENT = numberOf('pg_current_wal_insert_lsn()');
const NOW = 'floor(extract(epoch from clock_timestamp()) * 1000)';
const SLOT = "from pg_replication_slots where slot_name = 'apex_recovery'";
const MOUNT = '/var/lib/postgresql/data';
const SIDE = `${MOUNT}/.apex-recovery`;
const CUT_OFF = '/tmp/.apex-recovery';

const SESSION = `export PGPASSWORD="$P" PGHOST="$POD_IP" PGUSER=app PGDATABASE=app
ask() { psql -XqtA -F ' ' -v ON_ERROR_STOP=1 "$@"; }`;

/**
 * Who was cut off is in a group of processes with all that it began. Those are ended from the leaves on, so that each shell sees it and ends
 * by itself: a process whose parent is gone falls to the engine, which is the first of the pod, and takes it for a crash of its own where a signal ended it.
 */
const CLEAN = `members() { cat /proc/[0-9]*/stat 2> /dev/null | while read -r pid name _ _ group _; do [ "$group" != "$1" ] || [ "$name" = '(sh)' ] || echo "$pid $name"; done; }
if [ -s ${CUT_OFF} ]; then
  cut=$(cat ${CUT_OFF}); tries=0
  while [ -d "/proc/$cut" ] && [ $tries -lt 50 ]; do
    members "$cut" | while read -r pid name; do if [ "$name" = '(postgres)' ]; then kill -INT "$pid"; else kill -TERM "$pid"; fi; done 2> /dev/null
    tries=$((tries + 1)); sleep 0.2
  done
fi
rm -rf ${SIDE} ${CUT_OFF}`;

/** By a physical replication slot, for which the server need not start anew, and `pg_basebackup`. https://www.postgresql.org/docs/current/continuous-archiving.html */
export const POSTGRES_RECOVERY: EngineRecovery = {
  // The time is asked before the transactions, and those before the segment is ended: what is committed in between is told too late, and never too early.
  // An empty transaction comes right behind the time, since a recovery to a time ends only at a commit that is later.
  look: `${SESSION}
keep=$(($(df -Pk ${MOUNT} | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2) / 4096))
[ $keep -gt 64 ] || keep=64
known=$(ask -c "select coalesce((select wal_status ${SLOT}), 'none'), (select setting from pg_settings where name = 'max_slot_wal_keep_size')") || exit 3
[ "\${known#* }" = $keep ] || ask -o /dev/null -c "alter system set max_slot_wal_keep_size = '\${keep}MB'" -c 'select pg_reload_conf()' || exit 3
case "\${known%% *}:$NEXT" in
  reserved:?* | extended:?* | unreserved:?*) ;;
  *)
    ask -o /dev/null -c "select pg_drop_replication_slot(slot_name) ${SLOT}" -c "select pg_create_physical_replication_slot('apex_recovery', true)" || exit 3
    began=$(ask -c "select ${numberOf('restart_lsn')} ${SLOT}") || exit 3
    echo "began $began"
    SNAPSHOT= ;;
esac
seen=$(ask -c "select ${NOW}" -c "select pg_current_snapshot(), ${PRESENT}") || exit 3
set -- $seen
if [ "$2" = "$SNAPSHOT" ] && [ "$3" -lt $((NEXT + 2)) ]; then echo "reached $1"; exit 0; fi
ended=$(ask -c "select ${NOW}" -c 'select pg_current_xact_id()' -c 'select pg_current_snapshot()' -c 'select pg_switch_wal()' -c "select ${PRESENT}, timeline_id, ${SIZE} from pg_control_checkpoint()") || exit 3
set -- $ended
echo "reached $1
snapshot $3
switched $4
current $5
timeline $6
size $7"`,
  segment: 'gzip -1 -c "$PGDATA/pg_wal/$NAME"',
  advance: `${SESSION}
ask -o /dev/null -c "select pg_replication_slot_advance('apex_recovery', greatest(restart_lsn, '$SWITCHED'::pg_lsn)) ${SLOT}"`,
  now: `${SESSION}
ask -c "select ${PRESENT}, ${NOW}"`,
  // Over loopback: there the image lets replication in.
  base: 'PGPASSWORD="$P" pg_basebackup -h 127.0.0.1 -U app -D - -Ft -X none -c fast --no-manifest',
  end: `${SESSION}
ask -o /dev/null -c "select pg_drop_replication_slot(slot_name) ${SLOT}" -c 'alter system reset max_slot_wal_keep_size' -c 'select pg_reload_conf()'`,
  stage: `${POSTGRES_SESSION}
${CLEAN}
[ "$(cut -d ' ' -f 5 /proc/$$/stat)" != $$ ] || echo $$ > ${CUT_OFF}
server=
clean() { [ -z "$server" ] || { kill -INT $server; wait $server; }; rm -rf ${SIDE} ${CUT_OFF}; } 2> /dev/null
fail() { echo "ERROR: $1" >&2; clean; exit 3; }
put_back || { clean; exit 3; }
for left in $(databases '<>') apex_staged; do drop "$left" || { clean; exit 3; }; done
mkdir -m 700 ${SIDE} ${SIDE}/base ${SIDE}/wal || fail 'its storage cannot be written'
{ tar -xf - -C ${SIDE} && [ -f ${SIDE}/whole ]; } || fail 'what was archived could not be unpacked'
touch ${SIDE}/base/recovery.signal && echo 'local all all trust' > ${SIDE}/hba || fail 'its storage cannot be written'
set -- -D ${SIDE}/base -c port=5433 -c listen_addresses= -c unix_socket_directories=${SIDE} -c hba_file=${SIDE}/hba -c ssl=off -c hot_standby=off -c archive_mode=off -c shared_buffers=32MB -c logging_collector=off -c log_destination=stderr
[ -z "$TARGET" ] || set -- "$@" -c "recovery_target_time=$TARGET" -c recovery_target_action=promote
postgres "$@" -c 'restore_command=[ -f "${SIDE}/wal/%f.gz" ] && gunzip -c "${SIDE}/wal/%f.gz" > "%p"' > ${SIDE}/log 2>&1 < /dev/null &
server=$!
until pg_isready -q -h ${SIDE} -p 5433 -U app -d app; do
  kill -0 $server 2> /dev/null || fail "the recovery ended early: $(grep -E 'FATAL|PANIC' ${SIDE}/log | grep -Ev 'starting up|not accepting' | tail -n 1 | sed 's/.*\\(FATAL\\|PANIC\\): *//')"
  sleep 0.2
done
ask postgres -c 'create database apex_staged template template0' &&
{ pg_dump -h ${SIDE} -p 5433 -d app --no-owner --no-acl && echo '${POSTGRES_WHOLE}'; } | psql -d apex_staged -Xq --single-transaction -v ON_ERROR_STOP=1 -o /dev/null ||
{ drop apex_staged; fail 'the content could not be loaded'; }
clean`,
  clean: CLEAN,
};
