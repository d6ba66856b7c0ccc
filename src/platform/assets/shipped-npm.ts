/**
 * The npm that ships with a Node.js version, as its own CHANGELOG.md tells: the first "upgrade npm to X" at or
 * below the version's section (newest first). Null: the changelog does not say.
 */
export function findShippedNpm(changelog: string, nodeVersion: string): string | null {
  const section = changelog.indexOf(`<a id="${nodeVersion}"></a>`);
  if (section < 0) return null;
  return /upgrade npm to v?(\d+\.\d+\.\d+)/.exec(changelog.slice(section))?.[1] ?? null;
}

/**
 * Whether an `engines.node` range accepts a version. Reads what npm's own packages have used: alternatives by
 * `||` of `^1.2.3`, `>=1.2.3`, `1`, `1.x` and `*`, several in a row meaning all of them.
 */
export function acceptsNode(range: string, version: string): boolean {
  const wanted = version.split('.').map(Number);
  return range.split('||').some((alternative) => {
    const terms = alternative
      .trim()
      .replaceAll('>= ', '>=')
      .split(/\s+(?=[\^>\d*])/);
    return terms.every((term) => acceptsTerm(term.trim(), wanted));
  });
}

function acceptsTerm(term: string, wanted: readonly number[]): boolean {
  if (term === '' || term === '*') return true;
  const match = /^(\^|>=)?\s*(\d+)(?:\.(\d+|x))?(?:\.(\d+|x))?$/.exec(term);
  if (match === null) return false;
  const bound = [match[2], match[3], match[4]].map((part) => Number(part === 'x' ? 0 : (part ?? 0)));
  const order =
    [0, 1, 2].map((index) => (wanted[index] ?? 0) - (bound[index] ?? 0)).find((d) => d !== 0) ?? 0;
  if (match[1] === '>=') return order >= 0;
  return wanted[0] === bound[0] && order >= 0;
}
