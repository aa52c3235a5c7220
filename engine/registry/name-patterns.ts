/**
 * True when `name` is one of the names that a goal allows (its roots, schemas or identifications). In a pattern
 * `*` stands for any number of letters, digits, `-` and `_`, and `{quarter}` for five digits; all else for itself.
 */
export function isNameAllowed(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => pattern === name || toExpression(pattern).test(name));
}

function toExpression(pattern: string): RegExp {
  const parts = pattern.split(/(\*+|\{quarter\})/).map((part) => {
    if (part.startsWith('*')) return '[A-Za-z0-9_-]*';
    return part === '{quarter}' ? '\\d{5}' : part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
