import { CADDY_ADMIN_PORT } from '../addresses.js';

/** What Caddy begins with: its control port and nothing served; the node's controllers add the rest. */
export function caddyConfig(): unknown {
  return {
    admin: { listen: `127.0.0.1:${CADDY_ADMIN_PORT}`, config: { persist: false } },
    logging: { logs: { default: { level: 'WARN' } } },
  };
}
