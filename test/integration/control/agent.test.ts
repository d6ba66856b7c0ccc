import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readHomeHolder } from '../../../src/agent/home/home-lock.ts';
import { homePaths } from '../../../src/agent/home/home-paths.ts';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import type { ControlEvent } from '../../../src/shared/control-api.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';

/** Too long for a Unix socket, with a space and an accent. */
const HOME_NAME = `a home é ${'h'.repeat(100)}`;

let lab: Lab;
let socketDir: string;
beforeAll(async () => {
  socketDir = mkdtempSync(join(tmpdir(), 'ks-'));
  lab = await startLab({
    robots: { HELLO: nodeRobot(`console.log('hello')`) },
    tasks: [],
    homeName: HOME_NAME,
    overrides: { environment: { ...process.env, XDG_RUNTIME_DIR: socketDir } },
  });
});
afterAll(async () => {
  await lab.close();
  rmSync(socketDir, { recursive: true, force: true });
});

describe.skipIf(process.platform === 'win32')(
  'an agent in a home whose path is too long for a socket',
  () => {
    test('is reached by the path that its holder file names, for its owner alone', async () => {
      const socketPath = readHomeHolder(homePaths(lab.home))?.socketPath ?? '';
      expect(socketPath.startsWith(join(socketDir, 'kubot-'))).toBe(true);
      expect(statSync(socketPath).mode & 0o777).toBe(0o600);
      expect(existsSync(homePaths(lab.home).socket)).toBe(false);
      expect((await connectToAgent(lab.home).status()).agent).toMatchObject({
        pid: process.pid,
        home: lab.home,
      });
    });
  },
);

describe('who listens to an agent', () => {
  test('gets what is first, then every change until it leaves', async () => {
    const client = connectToAgent(lab.home);
    const leaving = new AbortController();
    const events: ControlEvent[] = [];
    const states: string[] = [];
    let runId = '';
    for await (const event of client.events(leaving.signal)) {
      events.push(event);
      if (event.type === 'snapshot') {
        await client.pause({ forMs: null, reason: 'lunch' });
      } else if (event.type === 'status' && event.status.pause !== null && runId === '') {
        await client.resume();
        runId = (
          await client.start({
            requestId: crypto.randomUUID(),
            robot: 'HELLO',
            operation: null,
            variables: {},
            taskId: null,
          })
        ).id;
      } else if (event.type === 'run' && states.at(-1) !== event.run.state) {
        states.push(event.run.state);
        if (event.run.state === 'ended') leaving.abort();
      }
    }
    expect(events[0]).toMatchObject({ type: 'snapshot', status: { pause: null }, runs: [] });
    expect(events.find((event) => event.type === 'status' && event.status.pause !== null)).toMatchObject({
      status: { agent: { state: 'paused' }, pause: { reason: 'lunch', until: null } },
    });
    expect(states.filter((state, index) => states.indexOf(state) === index)).toEqual([
      'queued',
      'preparing',
      'running',
      'settling',
      'ended',
    ]);
    expect(await client.run({ id: runId })).toMatchObject({ outcome: 'succeeded' });
  });

  test('while a run lives finds it in the snapshot', async () => {
    const client = connectToAgent(lab.home);
    await client.pause({ forMs: null, reason: null });
    const { id } = await client.start({
      requestId: crypto.randomUUID(),
      robot: 'HELLO',
      operation: null,
      variables: {},
      taskId: null,
    });
    for await (const event of client.events()) {
      expect(event).toMatchObject({ type: 'snapshot', runs: [{ id }] });
      break;
    }
    await client.cancel({ id });
    await client.resume();
  });
});

describe('an order that cannot be followed', () => {
  test.each([
    [
      'a robot that is not here',
      () => connectToAgent(lab.home).prepare({ code: 'NOBODY' }),
      'ROBOT_NOT_FOUND',
    ],
    ['a run that is not here', () => connectToAgent(lab.home).cancel({ id: '0'.repeat(8) }), 'RUN_NOT_FOUND'],
    [
      'a setting that is not there',
      () => connectToAgent(lab.home).configGet({ key: 'nope' }),
      'SETTING_NOT_FOUND',
    ],
  ])('names %s', async (_name, order, code) => {
    await expect(order()).rejects.toMatchObject({ code });
  });
});
