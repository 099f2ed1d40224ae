import type { OperationShape } from '../operation.js';
import type { Method, Route } from './route.js';

/** A row with what the schema says of its operation. */
export interface ServedRoute extends Route {
  shape: OperationShape;
}

export interface Match {
  route: ServedRoute;
  params: Record<string, string>;
}

interface Pattern {
  segments: readonly string[];
  byMethod: Map<Method, ServedRoute>;
}

/** Finds the row of a request. */
export class RouteTable {
  private readonly exact = new Map<string, Pattern>();
  private readonly patterns: Pattern[] = [];

  constructor(routes: readonly ServedRoute[]) {
    for (const route of routes) {
      const pattern = this.exact.get(route.path) ?? this.patterns.find((known) => known.segments.join('/') === route.path) ?? this.added(route.path);
      if (pattern.byMethod.has(route.method)) throw new Error(`Two rows for ${route.method} ${route.path}`);
      pattern.byMethod.set(route.method, route);
    }
  }

  /** The row and its parameters; the methods that would do, where only the method is wrong; or null. */
  find(method: string, path: string): Match | { allow: string } | null {
    const exact = this.exact.get(path);
    if (exact) return answer(exact, method, {});
    const segments = path.split('/');
    for (const pattern of this.patterns) {
      const params = matched(pattern.segments, segments);
      if (params) return answer(pattern, method, params);
    }
    return null;
  }

  private added(path: string): Pattern {
    const pattern: Pattern = { segments: path.split('/'), byMethod: new Map() };
    if (path.includes(':')) this.patterns.push(pattern);
    else this.exact.set(path, pattern);
    return pattern;
  }
}

function answer(pattern: Pattern, method: string, params: Record<string, string>): Match | { allow: string } {
  const route = pattern.byMethod.get((method === 'HEAD' ? 'GET' : method) as Method);
  if (route) return { route, params };
  const methods = [...pattern.byMethod.keys()];
  return { allow: [...methods, ...(methods.includes('GET') ? ['HEAD'] : [])].join(', ') };
}

function matched(pattern: readonly string[], segments: readonly string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const segment = segments[index] ?? '';
    if (!expected.startsWith(':')) {
      if (expected !== segment) return null;
      continue;
    }
    const value = decoded(segment);
    if (!value) return null;
    params[expected.slice(1)] = value;
  }
  return params;
}

function decoded(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}
