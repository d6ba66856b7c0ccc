import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchOperation } from '../../../../src/agent/gateway/match-operation.ts';

const ID = '5b6b1d7e-9a53-4d5a-8f0e-0d9f4a1c2b3d';
const V = '/v2024-06-14';

describe('matchOperation', () => {
  it('names operation, parameters, path and query', () => {
    expect(matchOperation('POST', `${V}/process-items/${ID}/task/~actions/append-log?x=1&y=%2F`)).toEqual({
      operationId: 'appendProcessItemTaskLog',
      params: { id: ID },
      path: `/process-items/${ID}/task/~actions/append-log`,
      query: '?x=1&y=%2F',
    });
  });

  it('tells two parameters apart', () => {
    expect(matchOperation('GET', `${V}/business-artifacts/a/actions/b`)).toMatchObject({
      operationId: 'retrieveBusinessArtifactAction',
      params: { id: 'a', actionId: 'b' },
    });
  });

  it('takes HEAD for the GET of the same path', () => {
    expect(matchOperation('HEAD', `${V}/processes/${ID}`)).toMatchObject({ operationId: 'retrieveProcess' });
  });

  it('reads %7E as the tilde that some clients write so', () => {
    expect(matchOperation('POST', `${V}/processes/${ID}/%7Eactions/complete`)).toMatchObject({
      operationId: 'completeProcess',
      path: `/processes/${ID}/~actions/complete`,
    });
  });

  it.each([
    ['an absolute URI', `https://127.0.0.1${V}/processes`],
    ['another host as a path', `//evil.example${V}/processes`],
    ['an asterisk', '*'],
    ['an authority', 'api.kuflow.com:443'],
    ['a double slash', `${V}//processes`],
    ['a double slash at the end', `${V}/processes//`],
    ['a slash at the end', `${V}/processes/`],
    ['a parent segment', `${V}/processes/../workers`],
    ['a parent segment at the end', `${V}/processes/..`],
    ['a dot segment', `${V}/./processes`],
    ['an encoded parent segment', `${V}/processes/%2e%2e/workers`],
    ['an encoded slash', `${V}/processes/a%2Fb`],
    ['a twice encoded slash', `${V}/processes/a%252Fb`],
    ['an encoded letter', `${V}/%70rocesses`],
    ['an encoded NUL', `${V}/processes/a%00`],
    ['a path parameter', `${V}/processes;a=b`],
    ['a backslash', `${V}/processes\\..\\workers`],
    ['a fragment', `${V}/processes#/workers`],
    ['a raw space', `${V}/processes /workers`],
    ['a raw byte beyond ASCII', `${V}/processes/\u00e9`],
    ['an empty target', ''],
    ['a query that encodes nothing', `${V}/processes?size=%`],
    ['a query that encodes half a character', `${V}/processes?size=%2`],
    ['a query with an encoded line break', `${V}/processes?sort=a%0d%0aHost:%20evil`],
    ['a query with an encoded NUL', `${V}/processes?sort=%00`],
    ['a query that names another method', `${V}/processes?_method=DELETE`],
    ['a query that names it encoded', `${V}/processes?a=b&%5FMethod=DELETE`],
    ['a query with a name that is not UTF-8', `${V}/processes?%ff=1`],
  ])('refuses %s as ambiguous', (_what, target) => {
    expect(matchOperation('GET', target)).toMatchObject({ status: 400 });
  });

  it.each([
    ['another version', 'GET', '/v2022-10-08/processes'],
    ['no version', 'GET', '/processes'],
    ['the version in capitals', 'GET', '/V2024-06-14/processes'],
    ['the version alone', 'GET', V],
    ['an unknown resource', 'GET', `${V}/secrets`],
    ['a name in capitals', 'GET', `${V}/Processes`],
    ['a deeper path', 'GET', `${V}/processes/a/b`],
    ['an id with a colon', 'GET', `${V}/processes/a:b`],
    ['an overlong id', 'GET', `${V}/processes/${'a'.repeat(101)}`],
  ])('knows no operation for %s', (_what, method, target) => {
    expect(matchOperation(method, target)).toMatchObject({ status: 404 });
  });

  it('says which methods a path has', () => {
    expect(matchOperation('DELETE', `${V}/processes/${ID}/metadata`)).toEqual({
      status: 405,
      reason: 'The KuFlow API has no DELETE at this path, only PUT, PATCH.',
      allow: 'PUT, PATCH',
    });
  });

  it('never matches a path that any reader could take for another one', () => {
    const piece = fc.constantFrom(
      '..',
      '.',
      '',
      '%2e',
      '%2f',
      'a',
      ';',
      '\\',
      '~actions',
      'processes',
      'workers',
      '%7E',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 5 }),
        fc.constantFrom('GET', 'POST', 'HEAD'),
        (pieces, method) => {
          const matched = matchOperation(method, `${V}/${pieces.join('/')}`);
          if ('status' in matched) return;
          expect(new URL(`https://host${V}${matched.path}`).pathname).toBe(`${V}${matched.path}`);
          expect(matched.path).toMatch(/^(\/[\w~-]+)+$/);
        },
      ),
    );
  });
});
