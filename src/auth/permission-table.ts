import { PERMISSIONS, type Permission } from './permissions.js';

/** Scopes that no token has. */
const SCOPES: Readonly<Record<string, string>> = { public: 'none: public', webhook: "none: the webhook's own door", schedule: "none: the server's own clocks" };

const HEAD = ['| operation | scope of the token | least role | |', '|---|---|---|---|'];

/** The table of permissions as docs/access.md shows it: every query, mutation and subscription, and each field that asks for more than its type. */
export function permissionTable(permissions: Readonly<Record<string, Permission>> = PERMISSIONS): string {
  const rows = Object.entries(permissions)
    .filter(([coordinate]) => coordinate.includes('.'))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([coordinate, { scope, role, service, operator }]) => {
      const more = [...(operator ? ['the operator only'] : []), ...(service ? ['open to a token of one service'] : [])].join(', ');
      return `| \`${coordinate}\` | ${SCOPES[scope] ?? scope} | ${role ?? ''} | ${more} |`;
    });
  return [...HEAD, ...rows].join('\n');
}
