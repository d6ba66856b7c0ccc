import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, type LabRobot, NODE_HERE, nodeRobot, robotIdOf, startLab } from '../../helpers/lab.ts';
import { letGo, waitingRobot } from './waiting-robot.ts';

const WAIT = { timeout: 60_000, interval: 20 };

/** A robot whose post-install is one line of shell; what it needs comes in its variables. */
function installing(step: string, environmentVariables: Record<string, string>): LabRobot {
  return nodeRobot('', {
    manifest: `operations:\n  - name: Run\n    shell: node robot.mjs\ntools:\n  nodejs: ${NODE_HERE}\npost-install:\n  - name: Install\n    shell: |\n      ${step}\n`,
    environmentVariables,
  });
}

/** Says which revision it is when it is let go, from a file of its package. */
function saying(what: string): LabRobot {
  const robot = waitingRobot({
    after: `const { readFileSync } = await import('node:fs'); console.log(readFileSync('what.txt', 'utf8'));`,
  });
  return { files: { ...robot.files, 'what.txt': what } };
}

describe('preparing', () => {
  let lab: Lab;
  let proxy: FaultProxy;
  const dir = mkdtempSync(join(tmpdir(), 'kubot-preparation-'));
  const counted = join(dir, 'counted');
  const gate = join(dir, 'gate');

  const downloads = (code: string) =>
    proxy.requests.filter(({ path }) =>
      path.includes(`${robotIdOf(lab.platform, code)}/~actions/download-source-code`),
    );
  const view = async (code: string) =>
    (await lab.agent.handlers.robots()).find((robot) => robot.code === code);

  beforeAll(async () => {
    const codes = ['SHARED', 'CHANGING', 'RENEWED', 'BROKEN_OFF', 'GATED'];
    lab = await startLab({
      shares: [dir],
      robots: {
        SHARED: installing('echo once >> "$COUNTED"; sleep 0.2', { COUNTED: counted }),
        CHANGING: saying('first'),
        RENEWED: saying('old'),
        BROKEN_OFF: nodeRobot(''),
        GATED: installing('while [ ! -e "$GATE" ]; do sleep 0.05; done', { GATE: gate }),
        UNUSED: nodeRobot(''),
      },
      tasks: codes.map((code) => ({ code, later: true })),
      endpointOf: async (platform) => {
        proxy = await startFaultProxy({ target: platform.url });
        return proxy.url;
      },
    });
  });
  afterAll(async () => {
    await lab.close();
    await proxy.close();
    rmSync(dir, { recursive: true });
  });

  test('is done once for runs that wait for it together', async () => {
    const ids = await Promise.all([lab.addTask('SHARED'), lab.addTask('SHARED')]);
    for (const id of ids) expect(await lab.until(id, 'ended')).toMatchObject({ outcome: 'succeeded' });
    const third = await lab.addTask('SHARED');
    expect(await lab.until(third, 'ended')).toMatchObject({ outcome: 'succeeded' });
    expect(readFileSync(counted, 'utf8')).toBe('once\n');
    expect(downloads('SHARED')).toHaveLength(1);
    expect(readdirSync(join(lab.home, 'environments'))).toHaveLength(1);
  });

  test('is done anew for another revision, while a run keeps the one it started with', async () => {
    const old = await lab.until(await lab.addTask('CHANGING'), 'running');
    await lab.putRobot('CHANGING', saying('second'));
    const prepared = await lab.agent.handlers.prepare({ code: 'CHANGING' });
    expect(prepared).toMatchObject({ state: 'ready', operations: ['Run'], runtimes: { nodejs: NODE_HERE } });
    expect(prepared.revision).not.toBe(old.robot.revision);
    const next = await lab.until(await lab.addTask('CHANGING'), 'running');
    expect(next.robot.revision).toBe(prepared.revision);
    for (const run of [next, old]) letGo(run);
    for (const { id } of [next, old]) await lab.until(id, 'ended');
    expect(await lab.logText(next)).toContain('second');
    expect(await lab.logText(old)).toContain('first');
    expect((await lab.agent.handlers.run({ id: old.id })).robot.revision).toBe(old.robot.revision);
  });

  test('takes a package that was uploaded since the list was read for what it is', async () => {
    await lab.putRobot('RENEWED', saying('new'));
    const run = await lab.until(await lab.addTask('RENEWED'), 'running');
    letGo(run);
    expect(await lab.until(run.id, 'ended')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
    expect(await lab.logText(run)).toContain('new');
    expect(run.robot.revision).toBe((await view('RENEWED'))?.revision);
  });

  test('asks again for a package whose download broke off', async () => {
    proxy.add({
      match: (_method, path) => path.includes(robotIdOf(lab.platform, 'BROKEN_OFF')) && /source/.test(path),
      kind: 'cut',
      bytes: 100,
    });
    expect(await lab.until(await lab.addTask('BROKEN_OFF'), 'ended')).toMatchObject({ outcome: 'succeeded' });
    expect(downloads('BROKEN_OFF')).toHaveLength(2);
  });

  test('shows in the list of robots, step by step', async () => {
    expect(await view('UNUSED')).toMatchObject({ state: 'unprepared', reason: null, operations: [] });
    const id = await lab.addTask('GATED');
    await expect.poll(async () => (await view('GATED'))?.reason, WAIT).toBe('post-install: Install');
    expect(await view('GATED')).toMatchObject({ state: 'preparing' });
    expect(await lab.agent.handlers.run({ id })).toMatchObject({ state: 'preparing' });
    expect(lab.mutations(id)).toEqual([]);
  });

  test('that the agent’s end cuts off leaves nothing half-made, and its task to the next', async () => {
    const taskId = (await lab.task('GATED')).id;
    const before = readdirSync(join(lab.home, 'environments')).length;
    await lab.agent.handlers.pause({ forMs: null, reason: null });
    await lab.restartAgent();
    expect(readdirSync(join(lab.home, 'environments'))).toHaveLength(before - 1);
    expect(await lab.task(taskId)).toMatchObject({ state: 'READY', entries: [] });
    writeFileSync(gate, '');
    await lab.agent.handlers.resume();
    expect(await lab.until(taskId, 'ended')).toMatchObject({ outcome: 'succeeded', attempt: 1 });
  });

  test('cannot be asked for a robot whose source is no package', async () => {
    await lab.platform.seed(
      {
        tenant: { name: 'Lab' },
        robots: [{ code: 'FOREIGN', name: 'Foreign', package: 'robots/UNUSED/', sourceType: 'UNKNOWN' }],
      },
      lab.dir,
    );
    await expect(lab.agent.handlers.prepare({ code: 'FOREIGN' })).rejects.toMatchObject({
      code: 'ROBOT_NOT_FOUND',
      message: 'This host does not serve FOREIGN: Its source is not a package that this version can run.',
    });
    expect(await view('FOREIGN')).toMatchObject({ state: 'unsupported' });
  });
});

describe('a post-install that fails', () => {
  let lab: Lab;
  let skewMs = 0;
  const dir = mkdtempSync(join(tmpdir(), 'kubot-post-install-'));
  const mended = join(dir, 'mended');
  const counted = join(dir, 'counted');
  const robot = (mood: string) =>
    installing('echo once >> "$COUNTED"; test -e "$MENDED" || test "$MOOD" = good', {
      MENDED: mended,
      COUNTED: counted,
      MOOD: mood,
    });
  const tries = () => (existsSync(counted) ? readFileSync(counted, 'utf8').split('\n').length - 1 : 0);
  const codes = ['A', 'B', 'C', 'D', 'E', 'F'] as const;

  /** Tasks by what became of them. */
  const tasks = async () => {
    const all = await Promise.all(codes.map((code) => lab.task(code)));
    const ready = all.filter(({ state }) => state === 'READY');
    return { ready, told: all.filter(({ state }) => state === 'CLAIMED') };
  };
  const waiting = async (again: string) => {
    const { ready } = await tasks();
    for (const { id } of ready) {
      expect(lab.mutations(id)).toEqual([]);
      const { decisions } = await lab.agent.handlers.why({ id });
      expect(decisions.at(-1)).toMatchObject({
        decision: 'postponed',
        code: 'POST_INSTALL_FAILED',
        message: expect.stringMatching(
          new RegExp(
            `^Post-install failed before: .*"Install" ended with exit code 1.*Tried again in ${again}`,
          ),
        ),
      });
    }
    return ready.length;
  };

  beforeAll(async () => {
    lab = await startLab({
      shares: [dir],
      robots: { ROBOT: robot('bad') },
      tasks: codes.map((code) => ({ code, robot: 'ROBOT' })),
      overrides: { now: () => Date.now() + skewMs },
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab.close();
    rmSync(dir, { recursive: true });
  });

  test('is told to one task; the others are not touched and wait a minute', async () => {
    expect((await tasks()).told).toHaveLength(1);
    expect(await waiting('(1 min|\\d+ s)')).toBe(5);
    expect(tries()).toBe(1);
    expect(await lab.agent.handlers.robots()).toMatchObject([
      { code: 'ROBOT', state: 'failed', reason: expect.stringContaining('"Install" ended with exit code 1') },
    ]);
  });

  test('is tried again after a minute, told to one more, and then waits five', async () => {
    skewMs += 61_000;
    await expect.poll(async () => (await tasks()).told.length, WAIT).toBe(2);
    await lab.work();
    expect(await waiting('(5 min|4 min \\d+ s)')).toBe(4);
    expect(tries()).toBe(2);
  });

  test('is remembered over a restart, but tried at once when the robot’s variables change', async () => {
    await lab.restartAgent();
    await lab.work();
    expect((await tasks()).told).toHaveLength(2);
    expect(tries()).toBe(2);
    await lab.putRobot('ROBOT', robot('worse'));
    await lab.restartAgent();
    await expect.poll(async () => (await tasks()).told.length, WAIT).toBe(3);
    await lab.work();
    expect(await waiting('(1 min|\\d+ s)')).toBe(3);
    expect(tries()).toBe(3);
  });

  test('is tried at once when the host’s settings change', async () => {
    await lab.restartAgent({ packageIndexes: { pip: 'http://127.0.0.1:9/simple' } });
    await expect.poll(async () => (await tasks()).told.length, WAIT).toBe(4);
    await lab.work();
    expect(tries()).toBe(4);
  });

  test('is tried at once when somebody asks for it, and what waited runs when it goes well', async () => {
    await expect(lab.agent.handlers.prepare({ code: 'ROBOT' })).rejects.toMatchObject({
      code: 'POST_INSTALL_FAILED',
    });
    expect(tries()).toBe(5);
    expect((await tasks()).ready).toHaveLength(2);
    writeFileSync(mended, '');
    expect(await lab.agent.handlers.prepare({ code: 'ROBOT' })).toMatchObject({ state: 'ready' });
    await expect.poll(async () => (await tasks()).ready.length, WAIT).toBe(0);
    await lab.work();
    const states = await Promise.all(codes.map(async (code) => (await lab.task(code)).state));
    expect(states.filter((state) => state === 'COMPLETED')).toHaveLength(2);
    expect(tries()).toBe(6);
  });
});
