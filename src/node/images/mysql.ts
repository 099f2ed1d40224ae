import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeDebianRoot, putAccounts, putBusybox, putFile } from './debian-root.js';
import { PATH_VARIABLE, type SeedImage } from './seed-image.js';

const CONFIG = `[mysqld]
user = mysql
datadir = /var/lib/mysql
socket = /var/run/mysqld/mysqld.sock
pid-file = /var/run/mysqld/mysqld.pid
mysqlx = OFF
skip-name-resolve
host-cache-size = 0
[client]
socket = /var/run/mysqld/mysqld.sock
`;

/** What the public image's entrypoint does with its variables: the system tables, root's password, the user and its database. */
const ENTRYPOINT = `#!/bin/sh
set -e
case "\${1:-}" in -*) set -- mysqld "$@" ;; esac
[ "\${1:-}" = mysqld ] || exec "$@"

DATADIR=/var/lib/mysql
for word in "$@"; do case "$word" in --datadir=*) DATADIR="\${word#--datadir=}" ;; esac; done
mkdir -p "$DATADIR"
if [ "$(id -u)" = 0 ]; then
  chown -R mysql:mysql "$DATADIR" /var/run/mysqld
  exec setpriv --reuid=mysql --regid=mysql --clear-groups "$0" "$@"
fi

if [ ! -d "$DATADIR/mysql" ]; then
  if [ -z "\${MYSQL_ROOT_PASSWORD:-}\${MYSQL_RANDOM_ROOT_PASSWORD:-}\${MYSQL_ALLOW_EMPTY_PASSWORD:-}" ]; then
    echo "Database is uninitialized and password option is not specified: set MYSQL_ROOT_PASSWORD or MYSQL_RANDOM_ROOT_PASSWORD." >&2
    exit 1
  fi
  [ -n "\${MYSQL_ROOT_PASSWORD:-}" ] || [ -z "\${MYSQL_RANDOM_ROOT_PASSWORD:-}" ] || MYSQL_ROOT_PASSWORD="$(head -c 24 /dev/urandom | base64)"
  quoted() { printf '%s' "$1" | sed "s/[\\\\\\\\']/\\\\\\\\&/g"; }
  named() { printf '%s' "$1" | sed 's/\`/\`\`/g'; }
  # One statement a line, as the engine reads this file.
  {
    echo "ALTER USER root@localhost IDENTIFIED BY '$(quoted "\${MYSQL_ROOT_PASSWORD:-}")';"
    echo "CREATE USER root@'%' IDENTIFIED BY '$(quoted "\${MYSQL_ROOT_PASSWORD:-}")';"
    echo "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"
    [ -z "\${MYSQL_DATABASE:-}" ] || echo "CREATE DATABASE \\\`$(named "$MYSQL_DATABASE")\\\`;"
    if [ -n "\${MYSQL_USER:-}" ]; then
      echo "CREATE USER '$(quoted "$MYSQL_USER")'@'%' IDENTIFIED BY '$(quoted "\${MYSQL_PASSWORD:-}")';"
      [ -z "\${MYSQL_DATABASE:-}" ] || echo "GRANT ALL ON \\\`$(named "$MYSQL_DATABASE" | sed 's/_/\\\\_/g')\\\`.* TO '$(quoted "$MYSQL_USER")'@'%';"
    fi
  } > /tmp/init.sql
  mysqld --datadir="$DATADIR" --initialize-insecure --init-file=/tmp/init.sql
  rm /tmp/init.sql
  echo 'MySQL init process done. Ready for start up.'
fi
exec "$@"
`;

/**
 * MySQL with the variables of the public image, for the soak of its row in the catalogue of databases. Only Debian's
 * unstable suite has it, so its version moves on by itself, and with it the name here.
 */
export const mysqlImage: SeedImage = {
  names: ['docker.io/library/mysql:9.7'],
  isExtra: true,
  async prepare(root, options) {
    await makeDebianRoot(root, ['mysql-server-core', 'mysql-client-core', 'tzdata', 'util-linux', 'busybox-static'], { ...options, suite: 'sid' });
    putAccounts(root, [['mysql', 999]]);
    await putBusybox(root);
    putFile(root, 'etc/mysql/my.cnf', CONFIG);
    putFile(root, 'usr/local/bin/docker-entrypoint.sh', ENTRYPOINT, 0o755);
    mkdirSync(join(root, 'root'), { recursive: true });
    for (const folder of ['var/run/mysqld', 'var/lib/mysql', 'var/lib/mysql-files']) {
      mkdirSync(join(root, folder), { recursive: true });
      chmodSync(join(root, folder), 0o1777);
    }
  },
  recipe: { entrypoint: ['docker-entrypoint.sh'], cmd: ['mysqld'], env: { PATH: PATH_VARIABLE, LANG: 'C.UTF-8' }, ports: [3306] },
};
