/** Shipped and given merged key by key; what is not a group replaces, and `NAME: false` takes a name of the first level away. */
export function withShipped(shipped: Readonly<Record<string, unknown>>, given: unknown): unknown {
  if (given !== undefined && !isGroup(given)) return given;
  const merged = Object.entries(merge(shipped, given ?? {}));
  return Object.fromEntries(merged.filter(([, value]) => value !== false));
}

function merge(
  base: Readonly<Record<string, unknown>>,
  over: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(base, key) ? base[key] : undefined;
    merged[key] = isGroup(below) && isGroup(value) ? merge(below, value) : value;
  }
  return merged;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
