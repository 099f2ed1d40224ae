import { busyboxImage } from './busybox.js';
import { golangImage } from './golang.js';
import { mariadbImage } from './mariadb.js';
import { mysqlImage } from './mysql.js';
import { nginxImage } from './nginx.js';
import { nodeImage } from './node.js';
import { postgresImage } from './postgres.js';
import { pythonImage } from './python.js';
import { redisImage } from './redis.js';
import type { SeedImage } from './seed-image.js';

/** All images that can be made here; another one is one more file beside these and one more row. */
export const SEED_IMAGES: Readonly<Record<string, SeedImage>> = {
  busybox: busyboxImage,
  nginx: nginxImage,
  postgres: postgresImage,
  mariadb: mariadbImage,
  mysql: mysqlImage,
  redis: redisImage,
  node: nodeImage,
  python: pythonImage,
  golang: golangImage,
};
