import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { SandboxLimits, SandboxPolicy } from '../../../src/agent/sandbox/policy.ts';
import { startScreen } from '../../helpers/desktop.ts';
import { createPerson, type Person } from '../../helpers/person.ts';

interface Ended {
  stdout: string;
  stderr: string;
  exitCode: number | null;
  warnings: string[];
  missing: string[];
}

type Asked = Partial<Omit<SandboxPolicy, 'limits'>> & { limits?: Partial<SandboxLimits> };

const ROOT = resolve(import.meta.dirname, '../../..');
const FIXTURES = join(ROOT, 'test/fixtures/sandbox');
const canRun = process.platform === 'linux' && existsSync('/usr/bin/bwrap');
const has = (program: string) => existsSync(`/usr/bin/${program}`);
let person: Person;

beforeAll(() => {
  if (!canRun) return;
  person = createPerson();
  // Whoever is not root cannot make the folder of the host's screens.
  if (process.getuid?.() === 0) {
    mkdirSync('/tmp/.X11-unix', { recursive: true });
    chmodSync('/tmp/.X11-unix', 0o1777);
  }
  for (const program of ['chromium', 'Xvfb', 'xdpyinfo'])
    if (!has(program)) console.warn(`skipped: what needs ${program}, which is not installed`);
});
afterAll(() => person?.close());

async function run(
  line: string,
  policy: Asked = {},
  more: { hostScreen?: boolean; read?: string[] } = {},
): Promise<Ended> {
  const request = { home: person.home, line, policy, ...more };
  return JSON.parse(
    await person.run('test/fixtures/sandbox/run-robot.ts', [JSON.stringify(request)]),
  ) as Ended;
}

/** A page whose script must run for the text to be there. */
const browse = (flags: string) =>
  `chromium --headless ${flags} --disable-gpu --user-data-dir="$TMPDIR/profile" --dump-dom "data:text/html,<body><script>document.body.append('sum ' + (40 + 2))</script>"`;

describe.runIf(canRun && has('chromium'))('a browser without a window', () => {
  test('has its own sandbox for its renderers in standard', async () => {
    const { stdout, exitCode } = await run(browse(''));
    expect([stdout, exitCode]).toEqual([expect.stringContaining('sum 42'), 0]);
  });

  test('runs in strict when it is told to do without', async () => {
    const { stdout, exitCode } = await run(browse('--no-sandbox'), { level: 'strict' });
    expect([stdout, exitCode]).toEqual([expect.stringContaining('sum 42'), 0]);
  });
});

function takeOutput(name: string): Buffer {
  const path = join(person.home, 'agent/runs/1/out', name);
  const content = readFileSync(path);
  rmSync(path);
  return content;
}

/** Its library comes as post-install would bring it. */
function packBrowserRobot(): string {
  const packageDir = join(person.home, 'package');
  const libraryDir = join(packageDir, 'node_modules/playwright-core');
  cpSync(join(FIXTURES, 'browser-robot'), packageDir, { recursive: true });
  if (!existsSync(libraryDir))
    cpSync(join(ROOT, 'node_modules/playwright-core'), libraryDir, { recursive: true });
  return packageDir;
}

describe.runIf(canRun && has('chromium'))('a robot that drives Chromium by Playwright', () => {
  test.each([
    ['standard', true],
    ['standard', false],
    ['strict', false],
  ] as const)(
    'clicks, reads and leaves a picture in %s, Chromium’s own sandbox: %s',
    async (level, sandbox) => {
      const packageDir = packBrowserRobot();
      const line = `"${person.node}" "${packageDir}/main.mjs" ${sandbox}`;
      const { stdout, stderr, exitCode } = await run(line, { level }, { read: [packageDir, person.node] });
      expect([stdout, stderr, exitCode]).toEqual(['Total 42\n', '', 0]);
      const picture = takeOutput('page.png');
      // A PNG says its width and height from its sixteenth byte on.
      expect([picture.toString('latin1', 1, 4), picture.readUInt32BE(16), picture.readUInt32BE(20)]).toEqual([
        ...['PNG', 320, 200],
      ]);
    },
  );
});

describe.runIf(canRun && has('Xvfb') && has('xdpyinfo'))('a screen', () => {
  const look = 'xdpyinfo | grep dimensions; env -u XAUTHORITY xdpyinfo 2>&1 >/dev/null | head -n 1';

  // Of a person: programs find it before any other of its number, for it listens on the network's abstract sockets.
  let first: Awaited<ReturnType<typeof startScreen>> | null = null;
  beforeAll(async () => {
    if (!existsSync('/tmp/.X11-unix/X0')) first = await startScreen(':0');
  });
  afterAll(() => first?.process.kill());

  test.each(['standard', 'strict'] as const)(
    'of the robot’s own, and nobody else’s, in %s',
    async (level) => {
      const { stdout, missing, warnings } = await run(look, { level, gui: 'virtual' });
      expect(stdout).toMatch(/dimensions: +1920x1080 pixels/);
      expect(stdout).toContain('Authorization required');
      expect([missing, warnings]).toEqual([[], []]);
    },
  );

  test('of the robot’s own is not in the way when the robot is asked to end', async () => {
    const line = 'trap "xdpyinfo | grep -c dimensions; exit 0" TERM; kill -TERM 0; sleep 10';
    expect((await run(line, { gui: 'virtual' })).stdout.trim()).toBe('1');
  });

  test.runIf(has('chromium'))('is photographed by its robot, with the windows on it', async () => {
    const shooter = person.fileOf('test/fixtures/sandbox/screenshot.py');
    const open = `chromium --no-first-run --disable-gpu --window-position=0,0 --window-size=640,480 \
      --user-data-dir="$TMPDIR/profile" --app="data:text/html,<body style=background:red>" 2>/dev/null &`;
    const shoot = `for i in $(seq 200); do
      red=$(/usr/bin/python3 "${shooter}" "$KUFLOW_EXECUTION_OUTDIR/screen.ppm") || exit 1
      [ "$red" -gt 100000 ] && echo seen && break; sleep 0.1; done`;
    const { stdout, stderr, missing } = await run(
      `${open}\n${shoot}`,
      { gui: 'virtual' },
      { read: [shooter] },
    );
    expect([stdout, stderr, missing]).toEqual(['seen\n', '', []]);
    expect(takeOutput('screen.ppm').toString('latin1', 0, 17)).toBe('P6 1920 1080 255\n');
  });

  test.each(['standard', 'strict'] as const)('of the host is given, and told, in %s', async (level) => {
    const line = `${look}; ls -A /tmp/.X11-unix | wc -l`;
    const { stdout, missing } = await run(line, { level, gui: 'host' }, { hostScreen: true });
    expect(stdout).toMatch(/dimensions:/);
    expect(stdout.trim().split('\n').at(-1)).toBe('1');
    expect(missing).toEqual(['screen']);
  });
});

describe.runIf(canRun)('a robot', () => {
  test('has nothing of a screen when it asked for none', async () => {
    expect((await run('echo "[$DISPLAY]"; ls -A /tmp')).stdout).toBe('[]\n');
  });

  test('has no network but an allow-list in standard, where that is asked for', async () => {
    const line = 'grep -c : /proc/net/dev; ls -d /sys/kernel; echo "$HTTP_PROXY" | cut -d: -f1,2';
    const { stdout, missing } = await run(line, { allowedHosts: [] });
    expect([stdout, missing]).toEqual(['1\n/sys/kernel\nhttp://127.0.0.1\n', []]);
  });

  test('works in the person’s home where it is meant to, for all to see', async () => {
    writeFileSync(join(person.home, 'seen'), 'x');
    chmodSync(join(person.home, 'seen'), 0o644);
    const line = `ls "${person.home}" | grep -c seen; ls -A "${person.home}/agent/runs"; touch "${person.home}/left"`;
    const { stdout, missing } = await run(line, { homeMode: 'user' });
    expect([stdout, missing]).toEqual(['1\n1\n', ['home']]);
    expect(readdirSync(person.home)).toContain('left');
  });

  test('is told of a grant that leads nowhere', async () => {
    const files = { read: [join(person.home, 'gone')], write: [] };
    const { warnings, exitCode } = await run('true', { files });
    expect([warnings, exitCode]).toEqual([
      [`${join(person.home, 'gone')} is granted to this robot, but it is not there.`],
      0,
    ]);
  });

  test.each(['standard', 'strict'] as const)('is held to its limits in %s', async (level) => {
    const limits = { memoryBytes: 128 * 1024 * 1024, processes: 20, openFiles: 100 };
    const line = `ulimit -n; python3 -c 'bytearray(400 * 1024 * 1024)' 2>&1 | tail -n 1
      for i in $(seq 40); do sleep 5 & done`;
    const { stdout, stderr } = await run(line, { level, limits });
    expect(stdout.split('\n').slice(0, 2)).toEqual(['100', 'MemoryError']);
    expect(stderr).toMatch(/[Cc]annot fork|Resource temporarily unavailable/);
  });
});
