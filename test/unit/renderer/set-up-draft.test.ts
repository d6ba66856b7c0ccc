import { describe, expect, test } from 'vitest';
import {
  asAddress,
  canKeepSecret,
  choicesOf,
  draftOf,
  hostOf,
  isAsSet,
  isServed,
  readReserve,
  readRuns,
  servedWith,
  tryInputOf,
  withChanges,
} from '../../../src/renderer/views/set-up/draft.ts';
import type { SeenRobot } from '../../../src/shared/connection-check.ts';
import { settingsNow, setUpState } from '../../helpers/a-set-up-state.ts';

const KEPT = setUpState({
  settings: settingsNow({ clientId: 'app-1', proxy: 'http://proxy:8080', robotFilter: ['A'] }),
  secret: 'kept',
});

const robot = (id: string, code: string): SeenRobot => ({
  id,
  code,
  name: code,
  tenantId: null,
  canRun: true,
  reason: null,
  excluded: false,
});

test.each([
  ['api.kuflow.com', 'https://api.kuflow.com', 'api.kuflow.com'],
  [' https://api.kuflow.com ', 'https://api.kuflow.com', 'api.kuflow.com'],
  ['localhost:8080/path', 'https://localhost:8080/path', 'localhost:8080'],
  ['http://127.0.0.1:9', 'http://127.0.0.1:9', '127.0.0.1:9'],
  ['ftp://files.example', 'ftp://files.example', 'files.example'],
  ['not an address', 'https://not an address', 'not an address'],
  ['', '', ''],
])('%j is meant as the address %j of the host %j', (typed, address, host) => {
  expect([asAddress(typed), hostOf(typed)]).toEqual([address, host]);
});

describe('what is tried', () => {
  test('of a new machine is the address alone, then what was entered', () => {
    const state = setUpState();
    const draft = { ...draftOf(state), clientId: ' app-1 ', clientSecret: 'secret\n' };
    expect(tryInputOf(draft, state, 'address')).toEqual({ credentials: null, tenantId: null });
    expect(tryInputOf(draft, state, 'all')).toEqual({
      credentials: { kind: 'secret', clientId: 'app-1', clientSecret: 'secret' },
      tenantId: null,
    });
  });

  test('names what was changed alone, and what was taken out as null', () => {
    const draft = { ...draftOf(KEPT), address: 'kuflow.acme.example', proxy: '', caFile: '/ca.pem' };
    expect(tryInputOf(draft, KEPT, 'address')).toEqual({
      apiEndpoint: 'https://kuflow.acme.example',
      proxy: null,
      caFile: '/ca.pem',
      credentials: null,
      tenantId: null,
    });
  });

  test('has the kept secret for the same address and application alone', () => {
    const draft = draftOf(KEPT);
    expect(tryInputOf(draft, KEPT, 'all').credentials).toEqual({ kind: 'kept', clientId: 'app-1' });
    expect([
      canKeepSecret(draft, KEPT),
      canKeepSecret({ ...draft, address: 'https://other.example' }, KEPT),
      canKeepSecret({ ...draft, clientId: 'app-2' }, KEPT),
      canKeepSecret(draft, { ...KEPT, secret: null }),
    ]).toEqual([true, false, false, false]);
  });
});

describe('a sign-in', () => {
  const SIGNED_IN = setUpState({
    settings: settingsNow({ authentication: 'oauth', oauthClientId: 'kubot', tenantId: 't-1' }),
  });

  test('is by what is entered; what is set already is left out', () => {
    const state = setUpState();
    const draft = { ...draftOf(state), way: 'sign-in' as const, oauthClientId: ' kubot ' };
    expect(tryInputOf(draft, state, 'all').credentials).toEqual({ kind: 'sign-in', oauthClientId: 'kubot' });
    expect([isAsSet(draft, state), isAsSet(draftOf(SIGNED_IN), SIGNED_IN)]).toEqual([false, true]);
  });

  test('is asked for anew where another server, program or address is named', () => {
    const draft = draftOf(SIGNED_IN);
    expect([draft.way, draft.signedIn]).toEqual(['sign-in', { account: null }]);
    for (const change of [
      { address: 'https://other.example' },
      { oauthClientId: 'other' },
      { oauthAuthorizationUrl: 'https://other.example/auth' },
      { oauthTokenUrl: 'https://other.example/token' },
      { oauthScopes: 'openid offline_access' },
    ]) {
      expect(withChanges(draft, change).signedIn).toBeNull();
    }
    expect(withChanges(draft, { oauthClientId: 'kubot ' }).signedIn).toEqual({ account: null });
    expect(withChanges(draft, { way: 'application' })).toMatchObject({ tenantId: null });
  });
});

test('another address or application sees other tenants and robots: what was chosen is forgotten', () => {
  const draft = { ...draftOf(KEPT), tenantId: 't-1' };
  const chosen = ({ tenantId, servesAll, served }: ReturnType<typeof draftOf>) => [
    tenantId,
    servesAll,
    served,
  ];
  expect(chosen(withChanges(draft, { clientId: 'app-2' }))).toEqual([null, true, []]);
  expect(chosen(withChanges(draft, { address: 'https://other.example' }))).toEqual([null, true, []]);
  expect(chosen(withChanges(draft, { clientId: 'app-1 ' }))).toEqual(['t-1', false, ['A']]);
  expect(chosen(withChanges(draft, { clientSecret: 'new' }))).toEqual(['t-1', false, ['A']]);
});

describe('the robots that are served', () => {
  test('are named by code, and by id where two share a code', () => {
    const robots = [robot('1', 'A'), robot('2', 'B'), robot('3', 'B')];
    const served = robots.reduce<readonly string[]>(
      (before, one) => servedWith(before, one, robots, true),
      ['A'],
    );
    expect(served).toEqual(['A', '2', '3']);
    expect(servedWith(served, robot('1', 'A'), robots, false)).toEqual(['2', '3']);
  });

  test('are all where none is named', () => {
    const draft = draftOf(setUpState());
    expect([draft.servesAll, isServed(robot('1', 'A'), draft)]).toEqual([true, true]);
    expect([isServed(robot('1', 'A'), draftOf(KEPT)), isServed(robot('2', 'B'), draftOf(KEPT))]).toEqual([
      true,
      false,
    ]);
  });
});

describe('the limits', () => {
  test.each([
    ['3', 3],
    [' 64 ', 64],
    ['0', null],
    ['65', null],
    ['2.5', null],
    ['many', null],
    ['', null],
  ])('take %j as %s runs', (text, runs) => {
    expect(readRuns(text)).toBe(runs);
  });

  test.each([
    ['1', 1024 ** 3],
    ['0,5', 512 * 1024 ** 2],
    ['0', 0],
    ['-1', null],
    ['', null],
    ['a lot', null],
  ])('take %j GB as %s bytes', (text, bytes) => {
    expect(readReserve(text)).toBe(bytes);
  });

  test('are kept as they are where nothing was changed', () => {
    expect(choicesOf(draftOf(KEPT), KEPT)).toEqual({
      robotFilter: ['A'],
      maxConcurrentRuns: 2,
      diskReserveBytes: 1024 ** 3,
      autostart: null,
      mayBePlain: false,
    });
    expect(choicesOf({ ...draftOf(KEPT), runs: '' }, KEPT)).toBeNull();
  });
});
