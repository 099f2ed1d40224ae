import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDebianRoot, putAccounts, putBusybox, putFile } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

const PROGRAMS = '/usr/lib/postgresql/15/bin';

/** What the public image's entrypoint does with its variables: initdb, the user with its password, its database, files to run once. */
const ENTRYPOINT = `#!/bin/sh
set -e
case "\${1:-}" in -*) set -- postgres "$@" ;; esac
if [ "\${1:-}" != postgres ]; then exec "$@"; fi

mkdir -p "$PGDATA"
if [ "$(id -u)" = 0 ]; then
  chown -R postgres:postgres "$PGDATA" /var/run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --clear-groups "$0" "$@"
fi
chmod 700 "$PGDATA"

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  : "\${POSTGRES_USER:=postgres}"
  : "\${POSTGRES_DB:=$POSTGRES_USER}"
  [ -z "\${POSTGRES_PASSWORD_FILE:-}" ] || POSTGRES_PASSWORD="$(cat "$POSTGRES_PASSWORD_FILE")"
  if [ -z "\${POSTGRES_PASSWORD:-}" ] && [ "\${POSTGRES_HOST_AUTH_METHOD:-}" != trust ]; then
    echo "Error: Database is uninitialized and superuser password is not specified." >&2
    echo "You must specify POSTGRES_PASSWORD to a non-empty value for the superuser." >&2
    exit 1
  fi
  printf '%s\\n' "\${POSTGRES_PASSWORD:-}" > /tmp/pw
  initdb --username="$POSTGRES_USER" --pwfile=/tmp/pw --encoding=UTF8 \${POSTGRES_INITDB_ARGS:-}
  rm /tmp/pw
  printf "\\nlisten_addresses = '*'\\n" >> "$PGDATA/postgresql.conf"
  printf '\\nhost all all all %s\\n' "\${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}" >> "$PGDATA/pg_hba.conf"

  pg_ctl -D "$PGDATA" -o "-c listen_addresses=''" -w start
  run() { psql -v ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" "$@"; }
  if [ "$POSTGRES_DB" != postgres ]; then run --dbname postgres --set db="$POSTGRES_DB" -c 'select 1' > /dev/null; echo 'create database :"db";' | run --dbname postgres --set db="$POSTGRES_DB"; fi
  for file in /docker-entrypoint-initdb.d/*; do
    case "$file" in
      *.sh) . "$file" ;;
      *.sql) run --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | run --dbname "$POSTGRES_DB" ;;
    esac
  done
  pg_ctl -D "$PGDATA" -m fast -w stop
  echo 'PostgreSQL init process complete; ready for start up.'
fi
exec "$@"
`;

/** Debian's PostgreSQL with the variables of the public image. */
export const postgresImage: SeedImage = {
  names: ['docker.io/library/postgres:15', 'docker.io/library/postgres:latest'],
  async prepare(root, options) {
    await makeDebianRoot(root, ['postgresql-15', 'postgresql-client-15', 'tzdata', 'libc-bin', 'openssl', 'util-linux', 'busybox-static'], options);
    withoutCompiler(root);
    putAccounts(root, [['postgres', 999]]);
    await putBusybox(root);
    putFile(root, 'usr/local/bin/docker-entrypoint.sh', ENTRYPOINT, 0o755);
    for (const folder of ['docker-entrypoint-initdb.d', 'root']) mkdirSync(join(root, folder), { recursive: true });
    for (const folder of ['run/postgresql', 'var/run/postgresql', 'var/lib/postgresql/data']) openToAll(join(root, folder));
  },
  recipe: {
    entrypoint: ['docker-entrypoint.sh'],
    cmd: ['postgres'],
    env: { PATH: `${PROGRAMS}:${PATH_VARIABLE}`, PGDATA: '/var/lib/postgresql/data', LANG: 'C.UTF-8', PG_MAJOR: '15' },
    ports: [5432],
  },
};

/** The compiler of queries is most of the package's size, and PostgreSQL runs without it. */
function withoutCompiler(root: string): void {
  for (const arch of readdirSync(join(root, 'usr/lib')).filter((name) => name.includes('-linux-'))) {
    const folder = join(root, 'usr/lib', arch);
    for (const file of readdirSync(folder)) if (/^lib(LLVM|z3)/.test(file)) rmSync(join(folder, file));
  }
  for (const file of ['llvmjit.so', 'llvmjit_types.bc', 'bitcode']) rmSync(join(root, 'usr/lib/postgresql/15/lib', file), { recursive: true, force: true });
}

function openToAll(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o1777);
}
