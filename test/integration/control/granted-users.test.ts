import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { grantedSocketName } from '../../../src/agent/home/granted-sockets.ts';
import {
  createOtherUsers,
  type Finished,
  type OtherUser,
  type OtherUsers,
} from '../../helpers/other-users.ts';

// Real users on a real socket; vitest.config.ts says where they are left out.

const SERVICE: OtherUser = { id: 61_300 };
const READER: OtherUser = { id: 61_301 };
const OPERATOR: OtherUser = { id: 61_302 };
const MEMBER: OtherUser = { id: 61_303, groups: [61_400] };
const STRANGER: OtherUser = { id: 61_304, groups: [61_401] };
/** Said to read though their group may do everything. */
const READING_MEMBER: OtherUser = { id: 61_305, groups: [61_400] };

let users: OtherUsers;
let base: string;
beforeAll(() => {
  users = createOtherUsers();
  base = mkdtempSync('/run/kubot-granted-');
  chmodSync(base, 0o755);
});
afterAll(() => {
  users?.close();
  if (base) rmSync(base, { recursive: true, force: true });
});

/** The second socket of a service's agent, in a process of the service's user. */
async function startService(control: object, folder = 'service') {
  const dir = join(base, folder);
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  chownSync(dir, SERVICE.id, SERVICE.id);
  const home = join(users.homeOf(SERVICE), `home-${folder}`);
  const command = [
    users.node,
    users.fileOf('test/fixtures/control/granted-agent.ts'),
    JSON.stringify(control),
    home,
  ];
  const child = users.start(SERVICE, command, { KUBOT_GRANTED_DIR: base, RUNTIME_DIRECTORY: dir });
  child.stderr?.pipe(process.stderr);
  const log: Record<string, unknown>[] = [];
  const ready = Promise.withResolvers<void>();
  const exited = once(child, 'exit');
  if (child.stdout === null) throw new Error('Its output is not piped');
  createInterface({ input: child.stdout }).on('line', (line) => {
    log.push(JSON.parse(line) as Record<string, unknown>);
    if (log.at(-1)?.message === 'ready') ready.resolve();
  });
  await Promise.race([ready.promise, exited.then(() => Promise.reject(new Error('It has ended.')))]);
  return {
    home,
    log,
    socketPath: join(dir, grantedSocketName(home)),
    close: async () => {
      child.stdin?.end();
      await exited;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Service = Awaited<ReturnType<typeof startService>>;

/** Exit code and, of a failure, its code; of a success its document. */
function told({ code, stdout }: Finished): [number | null, unknown] {
  const document = stdout === '' ? null : (JSON.parse(stdout) as { error?: { code: string } });
  return [code, document?.error?.code ?? document];
}

describe('the agent of a service lets in', () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService({
      allowUsers: { [READER.id]: 'read', [OPERATOR.id]: 'full', [READING_MEMBER.id]: 'read' },
      group: '61400',
      groupAccess: 'full',
    });
  });
  afterAll(() => service?.close());

  const ask = async (user: OtherUser, ...args: string[]) =>
    told(await users.kubot(user, ['--home', service.home, '--json', ...args], { KUBOT_GRANTED_DIR: base }));

  test.each<[string, OtherUser, string]>([
    ['a user who may read', READER, 'read'],
    ['a user with full access', OPERATOR, 'full'],
    ['one of the group', MEMBER, 'full'],
    ['a user of the group by what is said of the user', READING_MEMBER, 'read'],
    ['the service’s own user', SERVICE, 'owner'],
  ])('%s', async (_what, user, access) => {
    const [code, document] = await ask(user, 'status');
    expect([code, document]).toMatchObject([0, { agent: { home: service.home }, access }]);
  });

  test('a reader to look and not to give orders, exit code 5', async () => {
    expect(await ask(READER, 'runs')).toEqual([0, []]);
    expect(await ask(READER, 'pause')).toEqual([5, 'CONTROL_READ_ONLY']);
    expect(await ask(READER, 'config', 'set', 'logLevel', 'debug')).toEqual([5, 'CONTROL_READ_ONLY']);
    expect(await ask(READER, 'config', 'get', 'proxy')).toEqual([
      0,
      { key: 'proxy', value: null, source: 'file', hidden: true },
    ]);
  });

  test('a user with full access to give orders, but not to lower the guard of the host', async () => {
    expect((await ask(OPERATOR, 'pause'))[0]).toBe(0);
    expect((await ask(OPERATOR, 'config', 'set', 'logLevel', 'debug'))[0]).toBe(0);
    expect(await ask(OPERATOR, 'config', 'set', 'sandbox', 'off')).toEqual([5, 'CONTROL_OWNER_ONLY']);
    expect(await ask(OPERATOR, 'config', 'set', 'control.group', 'users')).toEqual([5, 'CONTROL_OWNER_ONLY']);
    expect(await ask(SERVICE, 'config', 'set', 'sandbox', 'off')).toMatchObject([0, { key: 'sandbox' }]);
    const orders = service.log.filter(({ message }) => message === 'Order of a granted user');
    expect(orders.slice(0, 2)).toEqual([
      { message: 'Order of a granted user', user: String(OPERATOR.id), method: 'pause' },
      { message: 'Order of a granted user', user: String(OPERATOR.id), method: 'configSet', key: 'logLevel' },
    ]);
  });

  test('nobody else, who reads who may and how that is granted, exit code 5', async () => {
    const said = await users.kubot(STRANGER, ['--home', service.home, 'status'], { KUBOT_GRANTED_DIR: base });
    expect([said.code, said.stdout]).toEqual([5, '']);
    expect(said.stderr).toContain(
      `${STRANGER.id} may not use this agent. It belongs to ${SERVICE.id}, who may, those of the group 61400 and the users that control.allowUsers names.`,
    );
    expect(said.stderr).toContain('kubot config set control.allowUsers');
    expect(service.log.at(-1)).toMatchObject({
      message: 'Control API refused a user',
      user: String(STRANGER.id),
    });
  });

  test('a user without a home named, where none of their own runs', async () => {
    const own = { KUBOT_GRANTED_DIR: base };
    expect(told(await users.kubot(READER, ['status', '--json'], own))).toMatchObject([
      0,
      { agent: { home: service.home }, access: 'read' },
    ]);
    const text = await users.kubot(READER, ['status'], own);
    expect(text.stdout).toContain(
      `Access    the agent of ${SERVICE.id}; ${READER.id} may look and change nothing`,
    );
    // To a stranger it is none of theirs.
    expect(told(await users.kubot(STRANGER, ['status', '--json'], own))).toEqual([4, { agent: null }]);
  });

  test('settings of one’s own home to be one’s own still', async () => {
    const own = { KUBOT_GRANTED_DIR: base };
    expect((await users.kubot(READER, ['config', 'set', 'sandbox', 'strict'], own)).code).toBe(0);
    expect((await users.kubot(READER, ['config', 'get', 'sandbox'], own)).stdout).toBe('strict\n');
  });

  describe('no robot of a user whom it lets in', () => {
    const asked = () => [
      users.node,
      users.fileOf('src/cli/main.ts'),
      '--home',
      service.home,
      '--json',
      'status',
    ];
    const environment = () => ({ KUBOT_GRANTED_DIR: base });

    test('in a process namespace', async () => {
      const namespace = [
        'bwrap',
        '--bind',
        '/',
        '/',
        '--dev',
        '/dev',
        '--proc',
        '/proc',
        '--unshare-pid',
        '--',
      ];
      const finished = await users.run(OPERATOR, [...namespace, ...asked()], environment());
      expect(told(finished)).toEqual([5, 'PEER_REFUSED']);
    });

    test('without one, below the user’s own agent, its environment cleared', async () => {
      const program = join(users.homeOf(OPERATOR), 'src/cli/main.ts');
      mkdirSync(join(program, '..'), { recursive: true });
      // As an agent does: it starts a robot and waits.
      writeFileSync(
        program,
        `import { spawnSync } from 'node:child_process';
         const [file, ...args] = ${JSON.stringify(['/usr/bin/env', '-i', 'HOME=/', `KUBOT_GRANTED_DIR=${base}`, ...asked()])};
         const { status } = spawnSync(file, args, { stdio: 'inherit' });
         process.exit(status);`,
      );
      const finished = await users.run(OPERATOR, [users.node, program, 'agent', '--json']);
      expect(told(finished)).toEqual([5, 'PEER_REFUSED']);
      // The same program by another command is no agent.
      expect(told(await users.run(OPERATOR, [users.node, program, 'wait']))[0]).toBe(0);
    });
  });
});

test('where it is a group alone that is let in, the system asks for the group too', async () => {
  const control = { group: '61400' };
  const service = await startService(control, 'group');
  try {
    const ask = async (user: OtherUser) =>
      told(
        await users.kubot(user, ['--home', service.home, '--json', 'status'], { KUBOT_GRANTED_DIR: base }),
      );
    // The service's user is not in it and cannot give to it: who it is decides alone.
    expect(statSync(service.socketPath).mode & 0o777).toBe(0o666);
    expect([await ask(MEMBER), await ask(STRANGER)]).toMatchObject([
      [0, { access: 'read' }],
      [5, 'CONTROL_REFUSED'],
    ]);
  } finally {
    await service.close();
  }
});

test('several agents of a machine have to be told apart by their homes', async () => {
  const services = [
    await startService({ allowUsers: { [READER.id]: 'read' } }, 'first'),
    await startService({ allowUsers: { [READER.id]: 'read', [OPERATOR.id]: 'read' } }, 'second'),
  ];
  try {
    const own = { KUBOT_GRANTED_DIR: base };
    const both = await users.kubot(READER, ['status'], own);
    expect(both.code).toBe(2);
    expect(both.stderr).toContain(services.map(({ home }) => home).join(', '));
    const named = await users.kubot(READER, ['--home', services[0]?.home ?? '', 'status', '--json'], own);
    expect(told(named)).toMatchObject([0, { agent: { home: services[0]?.home } }]);
    expect(told(await users.kubot(OPERATOR, ['status', '--json'], own))).toMatchObject([
      0,
      { agent: { home: services[1]?.home } },
    ]);
  } finally {
    for (const service of services) await service.close();
  }
});

test('a folder that another user made gives nobody a socket to be taken for an agent’s', async () => {
  const dir = join(base, 'forged');
  mkdirSync(dir, { mode: 0o777 });
  chmodSync(dir, 0o777);
  const home = '/var/lib/kubot-forged';
  const socket = join(dir, grantedSocketName(home));
  const listen = `require('node:http').createServer((q, r) => r.end('{}')).listen(${JSON.stringify(socket)}, () => console.log('up'))`;
  const forger = users.start(STRANGER, [users.node, '-e', listen]);
  try {
    if (forger.stdout) await once(forger.stdout, 'data');
    chmodSync(socket, 0o777);
    expect(existsSync(socket)).toBe(true);
    const own = { KUBOT_GRANTED_DIR: base };
    expect(told(await users.kubot(READER, ['--home', home, 'status', '--json'], own))).toEqual([
      4,
      { agent: null },
    ]);
  } finally {
    const exited = once(forger, 'exit');
    forger.kill('SIGKILL');
    await exited;
    rmSync(dir, { recursive: true, force: true });
  }
});
