type Expression = string | Expression[];

/** Reads the part of the profiles' language that ours use: lists, words, strings. */
export function readProfile(text: string): Expression[] {
  const tokens = text.match(/\(|\)|#?"(?:[^"\\]|\\.)*"|[^\s()"]+/g) ?? [];
  const stack: Expression[][] = [[]];
  for (const token of tokens) {
    if (token === '(') stack.push([]);
    else if (token === ')') {
      const list = stack.pop() ?? [];
      stack.at(-1)?.push(list);
    } else stack.at(-1)?.push(token);
  }
  if (stack.length !== 1) throw new Error('A bracket is open');
  return stack[0] ?? [];
}

/** What the rules that name paths say: the last that fits holds. */
export function verdictOf(text: string, operation: string, path: string): string {
  let verdict = 'none';
  for (const rule of readProfile(text)) {
    const [action, ...rest] = rule;
    if (action !== 'allow' && action !== 'deny') continue;
    const operations = rest.filter((part) => typeof part === 'string');
    const filters = rest.filter((part) => typeof part !== 'string');
    if (!operations.some((one) => fitsOperation(one, operation))) continue;
    if (filters.length === 0 || filters.some((filter) => fitsPath(filter, path))) verdict = action;
  }
  return verdict;
}

function fitsOperation(pattern: string, operation: string): boolean {
  return pattern === 'default' || pattern === operation || isStarOf(pattern, operation);
}

function isStarOf(pattern: string, operation: string): boolean {
  return pattern.endsWith('*') && operation.startsWith(pattern.slice(0, -1));
}

function fitsPath(filter: Expression[], path: string): boolean {
  const [kind, value] = filter;
  if (typeof value !== 'string' || !value.startsWith('"')) return false;
  const named = value.slice(1, -1).replace(/\\(.)/g, '$1');
  return path === named || (kind === 'subpath' && path.startsWith(`${named}/`));
}
