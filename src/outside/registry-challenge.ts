/** What a registry's `WWW-Authenticate` asks for. */
export type Challenge = { scheme: 'basic' } | { scheme: 'bearer'; realm: string; service: string | null; scope: string | null };

/** Reads the header of a 401; null where it asks for nothing that we know. */
export function readChallenge(header: string | null): Challenge | null {
  if (!header) return null;
  if (/^basic\b/i.test(header)) return { scheme: 'basic' };
  if (!/^bearer\b/i.test(header)) return null;
  const fields = new Map([...header.matchAll(/([a-z_]+)="([^"]*)"/gi)].map(([, name = '', value = '']) => [name.toLowerCase(), value]));
  const realm = fields.get('realm');
  return realm ? { scheme: 'bearer', realm, service: fields.get('service') ?? null, scope: fields.get('scope') ?? null } : null;
}
