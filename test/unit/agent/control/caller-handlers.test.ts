import { describe, expect, test } from 'vitest';
import { handlersForCaller } from '../../../../src/agent/control/caller-handlers.ts';
import { type Caller, OWNER } from '../../../../src/agent/control/grants.ts';
import {
  CONTROL_API,
  CONTROL_GRADES,
  type ControlHandlers,
  type ControlMethod,
} from '../../../../src/shared/control-api.ts';
import { handlersOf } from '../../../helpers/control-agent.ts';

const READER: Caller = { access: 'read', user: 'anna' };
const FULL: Caller = { access: 'full', user: 'ben' };
const METHODS = Object.keys(CONTROL_API) as ControlMethod[];

function handlersFor(caller: Caller, handlers: Partial<ControlHandlers> = {}) {
  const logged: [string, object][] = [];
  const log = { info: (message: string, fields: object) => void logged.push([message, fields]) };
  const all = Object.fromEntries(
    METHODS.map((method) => [method, () => 'done']),
  ) as unknown as ControlHandlers;
  const settings: Partial<ControlHandlers> = {
    configGet: async ({ key }) => ({ key, value: 'v', source: 'file' }),
    configSet: async ({ key }) => ({ key, value: 'v', source: 'file' }),
    configExplain: async () => [],
  };
  return {
    logged,
    handlers: handlersForCaller({ ...all, ...settings, ...handlers }, { caller, owner: 'kubot', log }),
  };
}

/** What a method gives this caller: its answer, or the code of the refusal. */
async function tried(
  handlers: ControlHandlers,
  method: ControlMethod,
  input: unknown = { id: 'x', key: 'logLevel' },
) {
  try {
    await Reflect.apply(handlers[method], handlers, [input]);
    return 'done';
  } catch (error) {
    return error instanceof Error && 'code' in error ? error.code : error;
  }
}

describe('a reader', () => {
  test('may do what is of the grade read and nothing else', async () => {
    const { handlers } = handlersFor(READER);
    const verdicts = await Promise.all(
      METHODS.map(async (method) => [method, await tried(handlers, method)]),
    );
    expect(Object.fromEntries(verdicts)).toEqual(
      Object.fromEntries(
        METHODS.map((method) => [method, CONTROL_GRADES[method] === 'read' ? 'done' : 'CONTROL_READ_ONLY']),
      ),
    );
  });

  test('may look, and neither start, stop, pause nor set anything', () => {
    const orders = METHODS.filter((method) => CONTROL_GRADES[method] === 'full');
    expect(orders.sort()).toEqual([
      'cancel',
      'configSet',
      'drain',
      'pause',
      'postpone',
      'prepare',
      'presence',
      'prune',
      'reconnect',
      'resume',
      'settle',
      'start',
      'startNow',
      'suspend',
    ]);
  });

  test('is told by name why not', () => {
    const { handlers } = handlersFor(READER);
    expect(() => handlers.drain()).toThrow(
      'anna may look at this agent and change nothing: drain is refused.',
    );
  });

  test('is not told values that may hold a secret', async () => {
    const settings = ['sandbox', 'proxy', 'robots', 'robots.A.handOverTo', 'robots.A.sandbox'];
    const { handlers } = handlersFor(READER, {
      configExplain: async () =>
        settings.map((key) => ({ key, value: 'v', source: 'file' as const, locked: false })),
    });
    expect((await handlers.configExplain()).map(({ key, value, hidden }) => [key, value, hidden])).toEqual([
      ['sandbox', 'v', undefined],
      ['proxy', null, true],
      ['robots', null, true],
      ['robots.A.handOverTo', null, true],
      ['robots.A.sandbox', 'v', undefined],
    ]);
    expect(await handlers.configGet({ key: 'control.allowUsers' })).toEqual({
      key: 'control.allowUsers',
      value: null,
      source: 'file',
      hidden: true,
    });
  });
});

describe('a user with full access', () => {
  test('may give every order', async () => {
    const { handlers } = handlersFor(FULL);
    const verdicts = await Promise.all(METHODS.map((method) => tried(handlers, method)));
    expect(new Set(verdicts)).toEqual(new Set(['done']));
  });

  const guarded = [
    ...[
      'sandbox',
      'sandboxRequired',
      'gui',
      'network',
      'allowedHosts',
      'files',
      'sockets',
      'limits',
      'homeMode',
    ],
    ...[
      'gatewayScope',
      'packageSignatures',
      'publisherKeys',
      'localRuntimes',
      'packageIndexes',
      'secretVariables',
    ],
    ...['control', 'control.allowUsers', 'control.group', 'control.groupAccess'],
    ...['apiEndpoint', 'clientId', 'tenantId', 'caFile', 'proxy', 'noProxy', 'handOverTo'],
    ...[
      'robots',
      'robots.A',
      'robots.A.sandbox',
      'robots.A.files',
      'robots.A.B.sandbox',
      'robots.maxConcurrentRuns',
    ],
  ];
  test.each(guarded)('may not set %s, which guards the host', async (key) => {
    const { handlers } = handlersFor(FULL);
    expect(await tried(handlers, 'configSet', { key, value: 'x' })).toBe('CONTROL_OWNER_ONLY');
  });

  test.each([
    'maxConcurrentRuns',
    'routes',
    'logLevel',
    'robots.A.runTimeoutMs',
    'robots.A.B.maxConcurrentRuns',
  ])('may set %s', async (key) => {
    const { handlers } = handlersFor(FULL);
    expect(await tried(handlers, 'configSet', { key, value: 1 })).toBe('done');
  });

  test('has orders in the agent log by name, without a value', async () => {
    const { handlers, logged } = handlersFor(FULL);
    await handlers.start({
      requestId: 'r',
      robot: 'INVOICES',
      operation: null,
      variables: { PASSWORD: 'hunter2' },
      taskId: 'T1',
    });
    await handlers.status();
    await handlers.configSet({ key: 'logLevel', value: 'debug' });
    expect(logged).toEqual([
      ['Order of a granted user', { user: 'ben', method: 'start', robot: 'INVOICES', taskId: 'T1' }],
      ['Order of a granted user', { user: 'ben', method: 'configSet', key: 'logLevel' }],
    ]);
  });
});

test('the owner is asked for nothing and hidden nothing', async () => {
  const { handlers, logged } = handlersFor(OWNER);
  expect(await handlers.configGet({ key: 'proxy' })).toEqual({ key: 'proxy', value: 'v', source: 'file' });
  expect(await tried(handlers, 'configSet', { key: 'sandbox', value: 'off' })).toBe('done');
  expect(logged).toEqual([]);
});

test.each([
  [OWNER, { access: 'owner', user: null, owner: 'kubot' }],
  [READER, { access: 'read', user: 'anna', owner: 'kubot' }],
])('who asks who they are is told: %o', async (caller, answer) => {
  expect(
    await handlersForCaller(handlersOf({}), {
      caller,
      owner: 'kubot',
      log: { info: () => undefined },
    }).whoAmI(),
  ).toEqual(answer);
});
