import { badRequest, type Fault } from '../errors.js';
import type { JsonSchema } from '../operation.js';
import type { ServedRoute } from './route-table.js';

/** What the interpreter itself understands in a query, beside what the row names. */
export interface Controls {
  limit: boolean;
  /** Seconds to wait for the end of a deployment. */
  wait: number;
  follow: boolean;
}

const MAX_WAIT_SECONDS = 60;

/** Makes the variables of the row's operation. Throws a 400 that names every parameter or key that it does not know or cannot read. */
export function readVariables(route: ServedRoute, params: Record<string, string>, search: string, body: unknown): { variables: Record<string, unknown>; controls: Controls } {
  const variables: Record<string, unknown> = {};
  const faults: Fault[] = [];
  for (const [name, place] of Object.entries(route.params ?? {})) put(variables, place, params[name]);
  const controls = readQuery(route, search, variables, faults);
  readKeys(route, body, variables, faults);
  if (faults.length > 0) throw badRequest('The request is not valid.', faults);
  return { variables, controls };
}

function readQuery(route: ServedRoute, search: string, variables: Record<string, unknown>, faults: Fault[]): Controls {
  const controls: Controls = { limit: false, wait: 0, follow: false };
  if (search === '') return controls;
  const places: Record<string, string> = { ...route.query, ...(route.page && { limit: route.page.limit, cursor: route.page.cursor }) };
  const seen = new Set<string>();
  for (const [name, text] of new URLSearchParams(search)) {
    const say = (message: string): void => void faults.push({ path: name, message });
    if (seen.has(name)) say('must be given once');
    else if (name === 'wait' && route.wait) controls.wait = wholeNumber(text, 0, MAX_WAIT_SECONDS) ?? (say(`must be a whole number from 0 to ${MAX_WAIT_SECONDS}`), 0);
    else if (name === 'follow' && route.follow) controls.follow = truth(text) ?? (say('must be true or false'), false);
    else if (Object.hasOwn(places, name)) {
      const place = places[name] as string;
      const value = parsed(text, schemaAt(route, place));
      if (value === undefined) say(`must be ${wanted(schemaAt(route, place))}`);
      else put(variables, place, value);
      if (name === 'limit') controls.limit = true;
    } else say('is not a known parameter');
    seen.add(name);
  }
  if (controls.follow) for (const name of route.follow?.without ?? []) if (seen.has(name)) faults.push({ path: name, message: 'cannot be combined with follow' });
  return controls;
}

function readKeys(route: ServedRoute, body: unknown, variables: Record<string, unknown>, faults: Fault[]): void {
  if (typeof route.body === 'string') {
    // No body is an empty one: then what is missing is named key by key.
    variables[route.body] = body === undefined ? {} : body;
    return;
  }
  if (body === undefined) return;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return void faults.push({ path: 'body', message: 'must be an object' });
  const places = route.body ?? {};
  for (const [key, value] of Object.entries(body)) {
    if (Object.hasOwn(places, key)) put(variables, places[key] as string, value);
    else faults.push({ path: key, message: Object.keys(places).length > 0 ? `is not a known field; known are ${Object.keys(places).join(', ')}` : 'is not a known field; this endpoint takes none' });
  }
}

function put(variables: Record<string, unknown>, place: string, value: unknown): void {
  const [variable, field] = place.split('.') as [string, string | undefined];
  if (field === undefined) variables[variable] = value;
  else variables[variable] = { ...(variables[variable] as object | undefined), [field]: value };
}

/** The schema of a place. */
export function schemaAt(route: ServedRoute, place: string): JsonSchema {
  const [variable, field] = place.split('.') as [string, string | undefined];
  const schema = route.shape.variables[variable]?.schema ?? {};
  return field === undefined ? schema : (schema.properties?.[field] ?? {});
}

function parsed(text: string, { type }: JsonSchema): unknown {
  if (type === 'integer') return wholeNumber(text, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
  if (type === 'boolean') return truth(text);
  return text;
}

const wanted = ({ type }: JsonSchema): string => (type === 'integer' ? 'a whole number' : 'true or false');
const truth = (text: string): boolean | undefined => (text === 'true' ? true : text === 'false' ? false : undefined);

function wholeNumber(text: string, least: number, most: number): number | undefined {
  const number = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
  return number >= least && number <= most ? number : undefined;
}
