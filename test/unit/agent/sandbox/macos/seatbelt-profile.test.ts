import { describe, expect, test } from 'vitest';
import {
  type ProfileRequest,
  quoted,
  seatbeltProfile,
} from '../../../../../src/agent/sandbox/macos/seatbelt-profile.ts';
import { readProfile, verdictOf } from './profile-verdict.ts';

const home = '/Users/ana';
const agentHome = `${home}/Library/Application Support/kubot-runner`;
const run = `${agentHome}/runs/1`;

function request(over: Partial<ProfileRequest> = {}, paths: Partial<ProfileRequest['paths']> = {}) {
  return {
    level: 'standard',
    policy: { gui: 'none', homeMode: 'run' },
    ports: null,
    ...over,
    paths: {
      agentHome,
      controlDirs: [],
      userHomes: [home],
      secretFiles: ['/opt/kubot/secret'],
      write: [`${run}/work`, `${run}/tmp`],
      read: [`${agentHome}/runtimes/python`, `${agentHome}/packages/A`],
      grantedWrite: [`${home}/Reports`],
      grantedRead: [`${home}/Documents`, '/opt/kubot'],
      sockets: [],
      ...paths,
    },
  } satisfies ProfileRequest;
}

const standard = seatbeltProfile(request());
const strict = seatbeltProfile(request({ level: 'strict', ports: [4430, 4431] }));

describe.each([
  ['standard', standard],
  ['strict', strict],
])('%s', (_level, profile) => {
  test.each([
    ['the run’s folder', `${run}/work/out.txt`, 'allow', 'allow'],
    ['a runtime', `${agentHome}/runtimes/python/bin/python3`, 'allow', 'deny'],
    ['a folder granted to read', `${home}/Documents/a.pdf`, 'allow', 'deny'],
    ['a folder granted to write', `${home}/Reports/a.pdf`, 'allow', 'allow'],
    ['the agent’s journal', `${agentHome}/journal.db`, 'deny', 'deny'],
    ['another run', `${agentHome}/runs/2/work/a`, 'deny', 'deny'],
    ['the person’s keys', `${home}/.ssh/id_ed25519`, 'deny', 'deny'],
    ['the person’s keychain', `${home}/Library/Keychains/login.keychain-db`, 'deny', 'deny'],
    ['a secret file in a granted folder', '/opt/kubot/secret', 'deny', 'deny'],
    ['another person’s files', '/Users/ben/a', 'deny', 'deny'],
    ['what is beside the run’s folder', `${run}/work2`, 'deny', 'deny'],
    ['a program', '/usr/bin/python3', 'allow', 'deny'],
    ['the bin of nothing', '/dev/null', 'allow', 'allow'],
  ])('%s', (_what, path, read, write) => {
    expect({
      read: verdictOf(profile, 'file-read-data', path),
      write: verdictOf(profile, 'file-write-data', path),
    }).toEqual({ read, write });
  });

  test('folders on the way to what is shown can be looked at, and not listed', () => {
    expect(verdictOf(profile, 'file-read-metadata', home)).toBe('allow');
    expect(verdictOf(profile, 'file-read-data', home)).toBe('deny');
    expect(verdictOf(profile, 'file-read-metadata', `${home}/.ssh`)).toBe('deny');
  });

  test.each(['lsopen', 'appleevent-send', 'job-creation', 'file-link', 'user-preference-write'])(
    'nothing is done by others for it: %s',
    (operation) => expect(verdictOf(profile, operation, '/')).toBe('deny'),
  );

  test('only what shares its sandbox is signalled', () => {
    expect(readProfile(profile)).toContainEqual([
      'allow',
      'signal',
      'process-info*',
      'mach-priv-task-port',
      ['target', 'same-sandbox'],
    ]);
    expect(verdictOf(profile, 'signal', '')).toBe('deny');
  });
});

test('standard leaves the network, strict the named ports of the loopback', () => {
  expect(verdictOf(standard, 'network-outbound', '')).toBe('allow');
  expect(standard).toContain('(deny network-outbound (remote unix-socket))');
  expect(verdictOf(strict, 'network-outbound', '')).toBe('deny');
  expect(strict.split('\n').filter((line) => line.includes('remote ip'))).toEqual([
    '(allow network-outbound (remote ip "localhost:4430"))',
    '(allow network-outbound (remote ip "localhost:4431"))',
  ]);
  expect(strict).not.toContain('mDNSResponder');
});

test('no grant leads to a socket of an agent’s, neither its own nor one for granted users', () => {
  const control = '/Library/Application Support/kubot-runner/control';
  const profile = seatbeltProfile(
    request(
      {},
      {
        controlDirs: [control],
        grantedWrite: [home, control],
        grantedRead: ['/Library'],
        sockets: [`${control}/kubot/x.sock`, `${agentHome}/control.sock`],
      },
    ),
  );
  const lines = profile.split('\n').filter((line) => line.includes('network-outbound'));
  expect(lines.slice(-2)).toEqual([
    `(deny network-outbound (remote unix-socket (subpath "${agentHome}")) (remote unix-socket (subpath "${control}")))`,
    `(allow network-outbound (remote unix-socket (subpath "${run}/work")) (remote unix-socket (subpath "${run}/tmp")))`,
  ]);
  expect(verdictOf(profile, 'file-read-data', `${control}/kubot/x.sock`)).toBe('deny');
});

test('sockets are those of the run and those granted', () => {
  const profile = seatbeltProfile(request({}, { write: [run], grantedWrite: [], sockets: ['/opt/db.sock'] }));
  expect(profile).toContain(`(allow network-outbound (remote unix-socket (path-literal "/opt/db.sock"))`);
});

test('what lies in the agent’s home is granted to nobody', () => {
  const profile = seatbeltProfile(
    request({}, { grantedRead: [agentHome], grantedWrite: [`${agentHome}/gateway`] }),
  );
  expect(verdictOf(profile, 'file-read-data', `${agentHome}/gateway/ca.pem`)).toBe('deny');
});

test('homeMode user shows the home, but neither the agent’s nor its secret', () => {
  const profile = seatbeltProfile(
    request({ policy: { gui: 'none', homeMode: 'user' } }, { secretFiles: [`${home}/secret`] }),
  );
  const read = [`${home}/a`, `${home}/secret`, `${agentHome}/journal.db`, `${run}/work/a`].map((path) =>
    verdictOf(profile, 'file-read-data', path),
  );
  expect(read).toEqual(['allow', 'deny', 'deny', 'allow']);
});

test('the window server is reached in strict by gui host alone', () => {
  const host = seatbeltProfile(
    request({ level: 'strict', ports: [], policy: { gui: 'host', homeMode: 'run' } }),
  );
  expect([strict.includes('windowserver'), host.includes('windowserver')]).toEqual([false, true]);
});

test.each([
  ['/Users/ana/Café (1)', '"/Users/ana/Café (1)"'],
  ['/a"b', '"/a\\"b"'],
  ['/a\\b', '"/a\\\\b"'],
  ['/a")(allow default)("', '"/a\\")(allow default)(\\""'],
])('%j is quoted', (path, text) => {
  expect(quoted(path)).toBe(text);
});

test('a path that would end its own quotes stays one string', () => {
  const path = '/x")) (allow file-read* (subpath "/';
  const profile = seatbeltProfile(request({}, { grantedRead: [path] }));
  expect(verdictOf(profile, 'file-read-data', `${home}/.ssh/id_ed25519`)).toBe('deny');
  expect(verdictOf(profile, 'file-read-data', `${path}/a`)).toBe('allow');
});

test('a path with a control character is refused', () => {
  expect(() => quoted('/a\nb')).toThrow('holds a control character');
});
