import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type AgentProcess, startAgentProcess } from '../../helpers/agent-process.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { runsInJournal, until } from './judge.ts';

let marks: string;
let lab: Lab;
let agent: AgentProcess;

/** Deaf to what asks it to end; waits for a file. */
const ROBOT = `
  import { existsSync, writeFileSync } from 'node:fs';
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => console.log('deaf to ' + signal));
  writeFileSync(process.env.MARKS + '/alive', '');
  while (!existsSync(process.env.MARKS + '/go')) await new Promise((resolve) => setTimeout(resolve, 20));
  console.log('the end');
`;

beforeEach(async () => {
  marks = mkdtempSync(join(tmpdir(), 'kubot-marks-'));
  lab = await startLab({
    robots: { WORK: nodeRobot(ROBOT, { environmentVariables: { MARKS: marks } }) },
    tasks: [{ code: 'WORK', later: true }],
    shares: [marks],
    settings: { cancelGraceMs: 1000 },
  });
});
afterEach(async () => {
  await agent?.end('SIGKILL');
  await lab.close();
  rmSync(marks, { recursive: true });
});

async function startWorking(environment: Record<string, string> = {}): Promise<string> {
  agent = await startAgentProcess(lab, environment);
  const taskId = await lab.addTask('WORK');
  await until('the robot lives', () => existsSync(join(marks, 'alive')));
  return taskId;
}

describe('an agent with a running robot', () => {
  test('asked to stop takes no new work, lets the robot finish, reports it and leaves with 0', async () => {
    const taskId = await startWorking();
    const ended = agent.end('SIGTERM');
    await until('it drains', () => agent.said.includes('Draining'));
    const later = await lab.addTask('WORK');
    writeFileSync(join(marks, 'go'), '');
    expect(await ended).toBe(0);
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
    expect((await lab.task(later)).state).toBe('READY');
  });

  test('asked twice cancels the robot, settles it and leaves with 130', async () => {
    const taskId = await startWorking();
    const ended = agent.end('SIGTERM');
    await until('it drains', () => agent.said.includes('Draining'));
    void agent.end('SIGINT');
    expect(await ended).toBe(130);
    expect(runsInJournal(lab)).toMatchObject([
      { outcome: 'cancelled', error: { code: 'CANCELLED_BY_OPERATOR' }, settled: { action: 'kept' } },
    ]);
    expect((await lab.task(taskId)).entries.at(-1)?.message).toContain('[end cancelled]');
  });

  test('is asked the same by the program that started it, where there are no signals', async () => {
    const taskId = await startWorking();
    agent.tell('drain');
    await until('it drains', () => agent.said.includes('Draining'));
    writeFileSync(join(marks, 'go'), '');
    expect(await agent.ended).toBe(0);
    expect((await lab.task(taskId)).state).toBe('COMPLETED');
    rmSync(join(marks, 'go'));
    rmSync(join(marks, 'alive'));
    await startWorking();
    agent.tell('drain');
    agent.tell('cancel');
    expect(await agent.ended).toBe(130);
    expect(runsInJournal(lab).map(({ outcome }) => outcome)).toEqual(['cancelled', 'succeeded']);
  });

  test.runIf(process.platform === 'linux')(
    'on a machine that goes down ends the robot at once; the next start settles it',
    async () => {
      const bin = join(marks, 'bin');
      mkdirSync(bin);
      writeFileSync(join(bin, 'systemctl'), '#!/bin/sh\necho stopping\n');
      chmodSync(join(bin, 'systemctl'), 0o700);
      const taskId = await startWorking({ PATH: `${bin}:${process.env.PATH}` });
      expect(await agent.end('SIGTERM')).toBe(130);
      expect(runsInJournal(lab)).toMatchObject([{ state: 'running', outcome: null }]);
      agent = await startAgentProcess(lab);
      await until('the run is settled', () => runsInJournal(lab)[0]?.state === 'ended');
      expect(runsInJournal(lab)).toMatchObject([{ outcome: 'lost', settled: { action: 'kept' } }]);
      expect((await lab.task(taskId)).entries.at(-1)?.message).toContain('[end lost]');
    },
  );
});

test.skipIf(process.platform === 'win32')(
  'who starts an agent by bin/kubot, with the secret in a variable, can ask it to stop by a channel too',
  async () => {
    await lab.agent.close();
    const program = resolve(import.meta.dirname, '../../../bin/kubot');
    const child = spawn(program, ['agent', '--json', '--home', lab.home], {
      env: { ...process.env, ...lab.environment },
      stdio: ['ignore', 'pipe', 'ignore', 'ipc'],
    });
    const ended = once(child, 'exit');
    for await (const line of createInterface({ input: child.stdout as Readable }))
      if (line.includes('"registered"')) child.send('drain');
    expect(await ended).toEqual([0, null]);
  },
);

test('a second agent in a home leaves with 7 and names the holder', async () => {
  agent = await startAgentProcess(lab);
  await agent.until('registered');
  const second = await startAgentProcess(lab);
  expect(await second.ended).toBe(7);
  expect(second.events.at(-1)).toMatchObject({
    error: { code: 'HOME_LOCKED', message: expect.stringContaining(`process ${agent.pid}`) },
  });
});
