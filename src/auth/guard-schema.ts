import { GraphQLObjectType, isObjectType, type GraphQLFieldResolver, type GraphQLSchema } from 'graphql';
import type { Actor, RequestContext, TokenScope } from '../context.js';
import { forbidden, unauthenticated } from '../errors.js';
import { PERMISSIONS, type Permission } from './permissions.js';

const COVERS: Readonly<Record<TokenScope, readonly TokenScope[]>> = {
  read: ['read', 'deploy', 'admin'],
  deploy: ['deploy', 'admin'],
  admin: ['admin'],
};

/** Whether a token with these scopes may do what `wanted` allows: `admin` covers `deploy`, which covers `read`. */
export const covers = (scopes: ReadonlySet<TokenScope>, wanted: TokenScope): boolean => COVERS[wanted].some((scope) => scopes.has(scope));

/** Throws UNAUTHENTICATED or FORBIDDEN. */
export function requireScope(actor: Actor, { scope, service, operator }: Permission): void {
  if (scope === 'webhook' || scope === 'schedule') return requireSystem(actor, scope);
  if (scope === 'public' || actor.kind === 'system') return;
  if (actor.kind === 'anonymous') throw unauthenticated();
  if (!covers(actor.scopes, scope)) throw forbidden(`This token lacks the scope "${scope}".`);
  if (actor.serviceId && !service) throw forbidden('This token is held to one service.');
  if (operator && !(actor.kind === 'account' && actor.isOperator && !actor.teamId)) throw forbidden("Only the installation's operator may do this.");
}

const ONLY = { webhook: 'Only the webhook may do this: post to /api/webhooks/github.', schedule: 'Only a clock of the server may do this.' } as const;

/** The operations of the webhooks' door and of the clocks are nobody else's, whatever his token may. */
function requireSystem(actor: Actor, name: keyof typeof ONLY): void {
  if (actor.kind === 'anonymous') throw unauthenticated();
  if (actor.kind !== 'system' || actor.name !== name) throw forbidden(ONLY[name]);
}

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;

/**
 * Holds every field to the table of permissions. Throws, naming each coordinate, when the schema has a root field or a
 * type without a line, or the table has a line that nothing answers to. A field that only its type's line covers keeps
 * its resolver where that line asks for no more than `read`: whoever got hold of the object was let in at the root.
 */
export function guardSchema(schema: GraphQLSchema, permissions: Readonly<Record<string, Permission>> = PERMISSIONS): void {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const unused = new Set(Object.keys(permissions));
  const missing: string[] = [];
  for (const type of Object.values(schema.getTypeMap()).filter(isObjectType)) {
    if (type.name.startsWith('__')) continue;
    const isRoot = roots.includes(type);
    const ofType = permissions[type.name];
    unused.delete(type.name);
    if (!isRoot && !ofType) missing.push(type.name);
    if (ofType?.role) missing.push(`${type.name} (a role is asked for by a field, not by a type)`);
    if (isRoot && ofType) missing.push(`${type.name} (a line for each field, not one for all)`);
    missing.push(...guardFields(type, isRoot, ofType, permissions, unused));
  }
  const faults = [...missing.map((name) => `${name} has no line`), ...[...unused].map((name) => `"${name}" is not in the schema`)];
  if (faults.length > 0) throw new Error(`The table of permissions does not fit the schema: ${faults.join('; ')}`);
}

function guardFields(type: GraphQLObjectType, isRoot: boolean, ofType: Permission | undefined, permissions: Readonly<Record<string, Permission>>, unused: Set<string>): string[] {
  const missing: string[] = [];
  for (const field of Object.values(type.getFields())) {
    const coordinate = `${type.name}.${field.name}`;
    const own = permissions[coordinate];
    unused.delete(coordinate);
    if (!own && isRoot) missing.push(coordinate);
    const line = own ?? (ofType && asksForMore(ofType) ? ofType : undefined);
    if (!line) continue;
    if (field.subscribe) field.subscribe = guarded(line, field.subscribe as Resolver);
    else field.resolve = guarded(line, (field.resolve as Resolver | undefined) ?? ((source) => (source as Record<string, unknown>)[field.name]));
  }
  return missing;
}

const asksForMore = ({ scope, operator }: Permission): boolean => operator === true || (scope !== 'public' && scope !== 'read');

function guarded(permission: Permission, resolve: Resolver): Resolver {
  return (source, args, context, info) => {
    requireScope(context.actor, permission);
    return resolve(source, args, context, info);
  };
}
