import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createRunId } from '../../../src/agent/runs/run-id.ts';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import { type AgentProcess, startAgentProcess } from '../../helpers/agent-process.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { until } from './judge.ts';

describe.runIf(process.platform === 'linux')('after a crash that damaged the journal', () => {
  let marks: string;
  let lab: Lab;
  let agent: AgentProcess;

  beforeEach(async () => {
    marks = mkdtempSync(join(tmpdir(), 'kubot-marks-'));
    const robot = `
      import { writeFileSync } from 'node:fs';
      writeFileSync(process.env.MARKS + '/alive', process.env.KUBOT_RUN_ID);
      setInterval(() => {}, 1000);
    `;
    lab = await startLab({
      robots: { WORK: nodeRobot(robot, { environmentVariables: { MARKS: marks } }) },
      tasks: [{ code: 'WORK', later: true }],
      settings: { files: { write: [marks] } },
    });
  });
  afterEach(async () => {
    await agent.end('SIGKILL');
    await lab.close();
    rmSync(marks, { recursive: true });
  });

  /** What a robot leaves where no PID namespace holds it. */
  function leave(runId: string) {
    const child = spawn('/bin/sleep', ['600'], { env: { KUBOT_RUN_ID: runId }, stdio: 'ignore' });
    return { child, exit: once(child, 'exit') };
  }

  test('processes of this home’s runs are ended, others live, half made files go, logs stay', async () => {
    agent = await startAgentProcess(lab);
    await lab.addTask('WORK');
    const alive = join(marks, 'alive');
    await until('the robot lives', () => existsSync(alive) && readFileSync(alive, 'utf8') !== '');
    await agent.end('SIGKILL');
    const runId = readFileSync(alive, 'utf8');
    const [left, other] = [leave(runId), leave(createRunId(Date.now()))];
    writeFileSync(join(lab.home, 'journal.db'), 'no database at all'.repeat(1000));
    const half = ['gateway/trust-bundle.pem', 'settings.json', 'packages/index/a.json'].map((path) =>
      join(lab.home, `${path}.partial-0123456789ab`),
    );
    for (const path of half) writeFileSync(path, 'half');
    try {
      agent = await startAgentProcess(lab);
      expect(await left.exit).toEqual([null, 'SIGKILL']);
      await agent.until('registered');
      expect([other.child.exitCode, other.child.signalCode]).toEqual([null, null]);
      expect(half.filter((path) => existsSync(path))).toEqual([]);
      expect((await connectToAgent(lab.home).status()).warnings).toEqual([
        expect.stringMatching(/^The journal was damaged/),
      ]);
      await connectToAgent(lab.home).prune({ dryRun: false });
      expect(readdirSync(join(lab.home, 'runs'))).toEqual([runId]);
    } finally {
      other.child.kill('SIGKILL');
      left.child.kill('SIGKILL');
    }
  });
});
