import { describe, expect, test } from 'vitest';
import { errorOfAnswer, errorOfNetwork, isPage } from '../../../../src/agent/kuflow/api-error.ts';

const site = { does: 'claim the task', host: 'api.kuflow.com', operationId: 'claimProcessItemTask' };
const answer = {
  status: 500,
  contentType: 'application/json',
  body: '',
  retryAfterMs: null,
  authenticated: true,
};

/** As fetch fails: a TypeError whose cause tells. */
const fetchFailure = (cause: Error & { code?: string }) => new TypeError('fetch failed', { cause });
const withCode = (code: string, syscall?: string) =>
  Object.assign(new Error(code), { code, ...(syscall && { syscall }) });

describe('an answer', () => {
  test.each([
    [401, true, 'UNAUTHORIZED', 'refused'],
    [403, false, 'UNAUTHORIZED', 'refused'],
    [403, true, 'PLATFORM_REFUSED', 'refused'],
    [404, true, 'PLATFORM_REFUSED', 'refused'],
    [409, true, 'PLATFORM_REFUSED', 'refused'],
    [407, true, 'PLATFORM_UNREACHABLE', 'not-sent'],
    [408, true, 'PLATFORM_ERROR', 'unknown'],
    [429, true, 'RATE_LIMITED', 'not-sent'],
    [302, true, 'PLATFORM_ERROR', 'unknown'],
    [500, true, 'PLATFORM_ERROR', 'unknown'],
    [503, true, 'PLATFORM_ERROR', 'unknown'],
  ])('of %i (accepted before: %s) is %s, outcome %s', (status, authenticated, code, outcome) => {
    const error = errorOfAnswer(site, { ...answer, status, authenticated });
    expect([error.code, error.details?.outcome, error.details?.status]).toEqual([code, outcome, status]);
  });

  test('quotes what a DefaultError says, in one line', () => {
    const body = JSON.stringify({
      timestamp: '2026-01-01T00:00:00Z',
      status: 409,
      message: 'Conflict',
      errors: [
        {
          code: 'task.state',
          message: 'Task is\n already\u0007 claimed',
          location: 'task',
          locationType: 'BODY',
        },
      ],
    });
    const error = errorOfAnswer(site, { ...answer, status: 409, body });
    expect(error.message).toBe(
      'The platform refused to claim the task (409): Conflict; task Task is already claimed',
    );
    expect(error.details?.errors).toEqual([
      { code: 'task.state', message: 'Task is\n already\u0007 claimed', location: 'task' },
    ]);
  });

  test.each([
    ['', 'Could not claim the task: api.kuflow.com answered 500'],
    ['{"message":', 'Could not claim the task: api.kuflow.com answered 500'],
    ['[1,2]', 'Could not claim the task: api.kuflow.com answered 500'],
    [
      '<html><body>Oops',
      'Could not claim the task: api.kuflow.com answered 500: a web page, not an answer of the API.',
    ],
  ])('with the body %j still has a message', (body, message) => {
    expect(errorOfAnswer(site, { ...answer, body }).message).toBe(message);
  });

  test('of another shape than DefaultError may tell half of it', () => {
    expect(errorOfAnswer(site, { ...answer, body: '{"message":"Down","errors":"all"}' }).message).toContain(
      ': Down',
    );
  });
});

describe('a failure of the network', () => {
  test.each([
    [fetchFailure(withCode('ECONNREFUSED')), 'connection refused', 'not-sent'],
    [fetchFailure(withCode('ENOTFOUND')), 'no such host name', 'not-sent'],
    [fetchFailure(withCode('ETIMEDOUT', 'connect')), 'the host does not answer', 'not-sent'],
    [fetchFailure(withCode('ETIMEDOUT', 'read')), 'no answer in time', 'unknown'],
    [fetchFailure(withCode('ECONNRESET')), 'the connection was cut', 'unknown'],
    [fetchFailure(withCode('UND_ERR_SOCKET')), 'the connection was cut', 'unknown'],
    [fetchFailure(withCode('CERT_HAS_EXPIRED')), 'its certificate has expired', 'not-sent'],
    [
      fetchFailure(Object.assign(new Error('Bad'), { name: 'HTTPParserError' })),
      'the answer is not HTTP',
      'unknown',
    ],
    [
      fetchFailure(new AggregateError([withCode('ECONNREFUSED'), withCode('ECONNREFUSED')])),
      'connection refused',
      'not-sent',
    ],
    [
      fetchFailure(
        new Error('Request was cancelled.', {
          cause: new Error('Proxy response (407) !== 200 when HTTP Tunneling'),
        }),
      ),
      'the proxy asks for a login (407)',
      'not-sent',
    ],
    [
      fetchFailure(new Error('Proxy response (403) !== 200 when HTTP Tunneling')),
      'the proxy does not let the connection through (403)',
      'not-sent',
    ],
    [fetchFailure(new Error('something new')), 'something new', 'unknown'],
    ['not even an error', 'the connection failed', 'unknown'],
  ])('%s reads "%s", outcome %s', (thrown, reason, outcome) => {
    const error = errorOfNetwork(site, thrown);
    expect(error.message).toBe(`Could not claim the task at api.kuflow.com: ${reason}.`);
    expect([error.code, error.details?.outcome]).toEqual(['PLATFORM_UNREACHABLE', outcome]);
  });

  test('that comes of a certificate hints at caFile', () => {
    expect(errorOfNetwork(site, fetchFailure(withCode('SELF_SIGNED_CERT_IN_CHAIN'))).hint).toContain(
      'caFile',
    );
  });
});

test.each([
  ['text/html; charset=utf-8', '', true],
  [null, ' <!DOCTYPE html><p>', true],
  [null, '<HTML>', true],
  ['application/json', '{"a":"<html>"}', false],
  [null, '', false],
])('a body of type %s beginning %j is a web page: %s', (contentType, beginning, expected) => {
  expect(isPage(contentType, beginning)).toBe(expected);
});
