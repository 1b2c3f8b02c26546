/**
 * JSON merge patches (RFC 7386). Pure.
 *
 * Guarantees: neither argument is changed; a member is never dropped or inherited for its name, be it __proto__.
 */

/** What the patch makes of the target. */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) {
    return patch;
  }
  const members = new Map(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) {
      members.delete(name);
    } else {
      members.set(name, mergePatch(members.get(name), value));
    }
  }
  return Object.fromEntries(members);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
