import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeDebianRoot, putAccounts, putBusybox, putFile } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

const CONFIG = `[mysqld]
user = mysql
datadir = /var/lib/mysql
socket = /run/mysqld/mysqld.sock
pid-file = /run/mysqld/mysqld.pid
skip-name-resolve
host-cache-size = 0
character-set-server = utf8mb4
[client]
socket = /run/mysqld/mysqld.sock
`;

/** What the public image's entrypoint does with its variables: the system tables, root's password, the user and its database, files to run once. */
const ENTRYPOINT = `#!/bin/sh
set -e
case "\${1:-}" in -*) set -- mariadbd "$@" ;; esac
case "\${1:-}" in mariadbd|mysqld) ;; *) exec "$@" ;; esac

DATADIR=/var/lib/mysql
for word in "$@"; do case "$word" in --datadir=*) DATADIR="\${word#--datadir=}" ;; esac; done
mkdir -p "$DATADIR"
if [ "$(id -u)" = 0 ]; then
  chown -R mysql:mysql "$DATADIR" /run/mysqld
  exec setpriv --reuid=mysql --regid=mysql --clear-groups "$0" "$@"
fi

: "\${MARIADB_ROOT_PASSWORD:=\${MYSQL_ROOT_PASSWORD:-}}" "\${MARIADB_DATABASE:=\${MYSQL_DATABASE:-}}" "\${MARIADB_USER:=\${MYSQL_USER:-}}" "\${MARIADB_PASSWORD:=\${MYSQL_PASSWORD:-}}"
: "\${MARIADB_RANDOM_ROOT_PASSWORD:=\${MYSQL_RANDOM_ROOT_PASSWORD:-}}"
if [ ! -d "$DATADIR/mysql" ]; then
  if [ -z "$MARIADB_ROOT_PASSWORD$MARIADB_RANDOM_ROOT_PASSWORD\${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:-}" ]; then
    echo "Database is uninitialized and password option is not specified: set MARIADB_ROOT_PASSWORD or MARIADB_RANDOM_ROOT_PASSWORD." >&2
    exit 1
  fi
  [ -n "$MARIADB_ROOT_PASSWORD" ] || [ -z "$MARIADB_RANDOM_ROOT_PASSWORD" ] || MARIADB_ROOT_PASSWORD="$(head -c 24 /dev/urandom | base64)"
  quoted() { printf '%s' "$1" | sed "s/[\\\\\\\\']/\\\\\\\\&/g"; }
  named() { printf '%s' "$1" | sed 's/\`/\`\`/g'; }
  mariadb-install-db --datadir="$DATADIR" --auth-root-authentication-method=normal --skip-test-db --skip-name-resolve > /dev/null
  {
    echo "FLUSH PRIVILEGES;"
    echo "ALTER USER root@localhost IDENTIFIED BY '$(quoted "$MARIADB_ROOT_PASSWORD")';"
    echo "CREATE USER root@'%' IDENTIFIED BY '$(quoted "$MARIADB_ROOT_PASSWORD")';"
    echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
    [ -z "$MARIADB_DATABASE" ] || echo "CREATE DATABASE \\\`$(named "$MARIADB_DATABASE")\\\`;"
    if [ -n "$MARIADB_USER" ]; then
      echo "CREATE USER '$(quoted "$MARIADB_USER")'@'%' IDENTIFIED BY '$(quoted "$MARIADB_PASSWORD")';"
      [ -z "$MARIADB_DATABASE" ] || echo "GRANT ALL ON \\\`$(named "$MARIADB_DATABASE" | sed 's/_/\\\\_/g')\\\`.* TO '$(quoted "$MARIADB_USER")'@'%';"
    fi
    for file in /docker-entrypoint-initdb.d/*.sql; do
      [ -e "$file" ] || continue
      [ -z "$MARIADB_DATABASE" ] || echo "USE \\\`$(named "$MARIADB_DATABASE")\\\`;"
      cat "$file"
    done
  } | mariadbd --datadir="$DATADIR" --bootstrap --skip-networking
  echo 'MariaDB init process done. Ready for start up.'
fi
exec "$@"
`;

/** Debian's MariaDB with the variables of the public image. */
export const mariadbImage: SeedImage = {
  names: ['docker.io/library/mariadb:10.11', 'docker.io/library/mariadb:latest'],
  async prepare(root, options) {
    await makeDebianRoot(root, ['mariadb-server-core', 'mariadb-client', 'mariadb-client-core', 'tzdata', 'libc-bin', 'util-linux', 'busybox-static'], options);
    putAccounts(root, [['mysql', 999]]);
    await putBusybox(root);
    putFile(root, 'etc/mysql/my.cnf', CONFIG);
    putFile(root, 'usr/local/bin/docker-entrypoint.sh', ENTRYPOINT, 0o755);
    for (const folder of ['docker-entrypoint-initdb.d', 'root']) mkdirSync(join(root, folder), { recursive: true });
    for (const folder of ['run/mysqld', 'var/lib/mysql']) {
      mkdirSync(join(root, folder), { recursive: true });
      chmodSync(join(root, folder), 0o1777);
    }
  },
  recipe: { entrypoint: ['docker-entrypoint.sh'], cmd: ['mariadbd'], env: { PATH: PATH_VARIABLE, LANG: 'C.UTF-8' }, ports: [3306] },
};
