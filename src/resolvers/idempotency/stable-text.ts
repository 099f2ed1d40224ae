/** JSON with its keys sorted: equal values give equal text, however they were written. */
export function stableText(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

const DATE = '$date';

/** A value as JSON can hold it, times told apart from texts. */
export function frozen(value: unknown): unknown {
  if (value instanceof Date) return { [DATE]: value.toISOString() };
  if (Array.isArray(value)) return value.map(frozen);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined && typeof inner !== 'function').map(([key, inner]) => [key, frozen(inner)]));
}

/** What `frozen` was given. */
export function thawed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(thawed);
  if (typeof value !== 'object' || value === null) return value;
  if (DATE in value) return new Date(value[DATE] as string);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, thawed(inner)]));
}
