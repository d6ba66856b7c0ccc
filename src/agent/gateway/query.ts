/** Encoded control characters: a reader that decodes before it splits lines would see a header or another request. */
const CONTROL = /%(?:[01][0-9a-f]|7f)/i;
const BROKEN_ENCODING = /%(?![0-9a-f]{2})/i;

/** What makes a query one that two readers could understand differently; null if nothing does. */
export function ambiguityOf(query: string): string | null {
  if (BROKEN_ENCODING.test(query)) return 'The query holds a percent sign that encodes nothing.';
  if (CONTROL.test(query)) return 'The query holds an encoded control character.';
  const names = namesOf(query).map(decoded);
  if (names.includes(null)) return 'The query holds a parameter whose name is not UTF-8.';
  // Some servers take the method from it.
  if (names.some((name) => name?.toLowerCase() === '_method')) return 'The query names another method.';
  return null;
}

function decoded(name: string): string | null {
  try {
    return decodeURIComponent(name);
  } catch {
    return null;
  }
}

/**
 * What is wrong with a query of which only `known` parameters are wanted, each at most once; null: nothing. Names are
 * compared as they were sent: one that is encoded is not known.
 */
export function flawOfQuery(query: string, known: readonly string[]): string | null {
  const names = namesOf(query);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    const wanted = known.length === 0 ? 'none' : known.join(', ');
    return `The query parameter ${JSON.stringify(unknown.slice(0, 100))} is not known here; this operation has: ${wanted}.`;
  }
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  return twice === undefined ? null : `The query parameter ${twice} stands twice.`;
}

function namesOf(query: string): string[] {
  return query
    .slice(1)
    .split('&')
    .filter((part) => part !== '')
    .map((part) => part.split('=', 1)[0] ?? '');
}
