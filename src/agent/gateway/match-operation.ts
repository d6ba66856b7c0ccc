import { API_VERSION, OPERATIONS, type OperationId } from './operations.ts';
import { ambiguityOf } from './query.ts';

/** What a robot asked for, or why it is nothing that can be forwarded. */
export type MatchedCall =
  | {
      operationId: OperationId;
      /** The path's parameters by name: `{id: '…'}`. */
      params: Readonly<Record<string, string>>;
      /** Path below the version, rebuilt from the template, so that what was judged is what is sent. */
      path: string;
      /** `?…` as the robot sent it, or empty. */
      query: string;
    }
  | { status: 400 | 404 | 405; reason: string; allow?: string };

/** Ids are UUIDs; other names keep to these characters, so no parameter can hold a path or an encoding. */
const PARAMETER = /^[A-Za-z0-9_-]{1,100}$/;
const PRINTABLE = /^[!-~]*$/;

interface Template {
  operationId: OperationId;
  method: string;
  segments: readonly string[];
}

const TEMPLATES: readonly Template[] = Object.entries(OPERATIONS).map(([id, { method, template }]) => ({
  operationId: id as OperationId,
  method,
  segments: template.slice(1).split('/'),
}));

/**
 * Matches a request line with the operations, segment by segment on the raw target: nothing is decoded (but `%7E`,
 * which some clients write for `~`) and nothing is normalised, so what one stack might read as another path is
 * refused. HEAD counts as the GET of the same path.
 */
export function matchOperation(method: string, target: string): MatchedCall {
  const flaw = flawOf(target);
  if (flaw !== null) return { status: 400, reason: flaw };
  const [rawPath, query] = splitTarget(target);
  const [version, ...segments] = rawPath.slice(1).replaceAll(/%7e/gi, '~').split('/');
  if (version !== API_VERSION) {
    return { status: 404, reason: `The path starts with /${version}; this endpoint serves /${API_VERSION}.` };
  }
  const asked = method === 'HEAD' ? 'GET' : method;
  const onPath = TEMPLATES.filter((template) => matches(template.segments, segments));
  const found = onPath.find((template) => template.method === asked);
  if (found) {
    return {
      operationId: found.operationId,
      params: parametersOf(found.segments, segments),
      path: `/${segments.join('/')}`,
      query,
    };
  }
  if (onPath.length === 0) return { status: 404, reason: 'The KuFlow API has no operation at this path.' };
  const allow = onPath.map((template) => template.method).join(', ');
  return { status: 405, reason: `The KuFlow API has no ${method} at this path, only ${allow}.`, allow };
}

/** What makes a request target ambiguous; null if nothing does. */
function flawOf(target: string): string | null {
  if (!target.startsWith('/')) return 'The request target is not a path; this endpoint is no proxy.';
  if (!PRINTABLE.test(target) || target.includes('#')) {
    return 'The request target holds characters that must be percent-encoded.';
  }
  const [path, query] = splitTarget(target);
  if (path.includes('//') || path.endsWith('/')) return 'The path has an empty segment.';
  if (/\/\.{1,2}(\/|$)/.test(path)) return 'The path has a dot segment.';
  if (/[;\\]|%(?!7e)/i.test(path)) return 'The path holds an encoded character, a semicolon or a backslash.';
  return ambiguityOf(query);
}

/** The path, and `?…` or nothing. */
function splitTarget(target: string): [path: string, query: string] {
  const queryAt = target.indexOf('?');
  return queryAt < 0 ? [target, ''] : [target.slice(0, queryAt), target.slice(queryAt)];
}

function matches(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((expected, at) => {
      const segment = segments[at] ?? '';
      return expected.startsWith('{') ? PARAMETER.test(segment) : expected === segment;
    })
  );
}

function parametersOf(template: readonly string[], segments: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    template.flatMap((expected, at) =>
      expected.startsWith('{') ? [[expected.slice(1, -1), segments[at] ?? '']] : [],
    ),
  );
}
