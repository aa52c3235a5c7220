/** Ends a `switch` over a union: a new member that nobody handles becomes a compile error here. */
export function unreachable(value: never): never {
  throw new Error(`unreachable: ${JSON.stringify(value)}`);
}
