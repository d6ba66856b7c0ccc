import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';

const BACKOFF_MS = 300;
const HOUR_MS = 60 * 60_000;

/** Fails as often as it is told, then succeeds; counts in a file, for runs share nothing else. */
const FAILING = `
  import { existsSync, readFileSync, writeFileSync } from 'node:fs';
  const { COUNT_FILE, FAILURES } = process.env;
  const attempt = existsSync(COUNT_FILE) ? Number(readFileSync(COUNT_FILE)) + 1 : 1;
  writeFileSync(COUNT_FILE, String(attempt));
  console.log('attempt ' + attempt);
  process.exit(attempt > Number(FAILURES) ? 0 : 3);
`;

/** What was done to a task beside its log. */
function deeds(lab: Lab, taskId: string): string[] {
  return lab.mutations(taskId).filter((operation) => operation !== 'appendProcessItemTaskLog');
}

async function attempts(lab: Lab, code: string) {
  const { id } = await lab.task(code);
  const runs = (await lab.runs()).filter((run) => run.taskId === id).reverse();
  return runs.map(({ attempt, outcome, source, settled }) => ({
    attempt,
    outcome,
    source,
    settled: settled?.action,
  }));
}

async function lastEntry(lab: Lab, code: string) {
  return (await lab.task(code)).entries.at(-1);
}

describe('the failure policy', () => {
  let lab: Lab;
  const dir = mkdtempSync(join(tmpdir(), 'kubot-attempts-'));
  const failing = (code: string, failures: number) =>
    nodeRobot(FAILING, {
      environmentVariables: { COUNT_FILE: join(dir, code), FAILURES: String(failures) },
    });
  const ada = 'ada@example.com';

  beforeAll(async () => {
    lab = await startLab({
      robots: {
        RETRIED: failing('RETRIED', 1),
        GIVEN_UP: failing('GIVEN_UP', 9),
        KEPT: failing('KEPT', 9),
        HANDED: failing('HANDED', 9),
        HANDED_BROKEN: nodeRobot('', { manifest: 'operations: []\n' }),
        HANDED_TO_NOBODY: failing('HANDED_TO_NOBODY', 9),
      },
      shares: [dir],
      settings: {
        failurePolicy: 'retry',
        retryAttempts: 3,
        retryBackoffMs: BACKOFF_MS,
        handOverTo: ada,
        robots: {
          KEPT: { failurePolicy: 'keep' },
          HANDED: { failurePolicy: 'hand-over' },
          HANDED_BROKEN: { failurePolicy: 'hand-over' },
          HANDED_TO_NOBODY: { failurePolicy: 'hand-over', handOverTo: 'nobody@example.com' },
        },
      },
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab.close();
    rmSync(dir, { recursive: true });
  });

  test('retry runs the task again until it succeeds, without another claim', async () => {
    const task = await lab.task('RETRIED');
    expect(task.state).toBe('COMPLETED');
    expect(await attempts(lab, 'RETRIED')).toEqual([
      { attempt: 1, outcome: 'failed', source: 'inbox', settled: 'retry' },
      { attempt: 2, outcome: 'succeeded', source: 'inbox', settled: 'completed' },
    ]);
    expect(deeds(lab, task.id)).toEqual(['claimProcessItemTask', 'completeProcessItemTask']);
    expect(task.entries.map(({ message }) => message).join('\n')).toContain(
      'Tried again in 300 ms (attempt 2 of 3): what this one did may be done twice.',
    );
  });

  test('retry gives up after its attempts, each after twice the wait', async () => {
    const { id, state } = await lab.task('GIVEN_UP');
    expect(state).toBe('CLAIMED');
    expect((await attempts(lab, 'GIVEN_UP')).map(({ settled }) => settled)).toEqual([
      'retry',
      'retry',
      'kept',
    ]);
    const [first, second, third] = (await lab.runs()).filter((run) => run.taskId === id).reverse();
    const wait = (from: typeof first, to: typeof first) =>
      Date.parse(to?.requestedAt ?? '') - Date.parse(from?.endedAt ?? '');
    expect(wait(first, second)).toBeGreaterThanOrEqual(BACKOFF_MS);
    expect(wait(second, third)).toBeGreaterThanOrEqual(2 * BACKOFF_MS);
  });

  test('keep leaves the task claimed, its last entry an error that says what to do', async () => {
    const task = await lab.task('KEPT');
    expect(task).toMatchObject({ state: 'CLAIMED', ownerId: lab.platform.principalId });
    expect(await attempts(lab, 'KEPT')).toEqual([
      { attempt: 1, outcome: 'failed', source: 'inbox', settled: 'kept' },
    ]);
    expect(deeds(lab, task.id)).toEqual(['claimProcessItemTask']);
    expect(await lastEntry(lab, 'KEPT')).toEqual({
      level: 'ERROR',
      message: expect.stringMatching(
        /^Failed after .+: The robot ended with exit code 3\. The task stays claimed until somebody settles it or starts it again\. \[ROBOT_EXIT\]/,
      ),
    });
  });

  test.each(['HANDED', 'HANDED_BROKEN'])('hand-over gives the task of %s to the person', async (code) => {
    const { content } = await lab.api<{ content: { id: string; name: string }[] }>('/principals?type=USER');
    const task = await lab.task(code);
    expect(task).toMatchObject({ state: 'CLAIMED', ownerId: content.find(({ name }) => name === 'Ada')?.id });
    expect(deeds(lab, task.id)).toEqual(['claimProcessItemTask', 'assignProcessItemTask']);
    expect(await attempts(lab, code)).toMatchObject([{ settled: 'handed-over' }]);
    expect((await lastEntry(lab, code))?.message).toContain(`The task is handed over to ${ada}.`);
  });

  test('hand-over to somebody whom the platform does not know keeps the task and says why', async () => {
    const task = await lab.task('HANDED_TO_NOBODY');
    expect(task).toMatchObject({ state: 'CLAIMED', ownerId: lab.platform.principalId });
    expect(await attempts(lab, 'HANDED_TO_NOBODY')).toMatchObject([{ settled: 'kept' }]);
    expect((await lab.agent.handlers.why({ id: task.id })).decisions.at(-1)).toMatchObject({
      decision: 'refused',
      code: 'SETTLE_REFUSED',
      message: expect.stringContaining('nobody@example.com'),
    });
  });
});

test('a retry that waits for a slot is not lost with the agent', async () => {
  let skewMs = 0;
  const dir = mkdtempSync(join(tmpdir(), 'kubot-attempts-'));
  // The first run fails, the second occupies the robot until it is ended, the third succeeds.
  const script = FAILING.replace(
    /process\.exit.*/,
    `
    if (attempt === 1) process.exit(3);
    if (attempt === 2) setInterval(() => {}, 1000);
  `,
  );
  const lab = await startLab({
    robots: { FLAKY: nodeRobot(script, { environmentVariables: { COUNT_FILE: join(dir, 'count') } }) },
    shares: [dir],
    settings: {
      failurePolicy: 'retry',
      retryBackoffMs: HOUR_MS,
      robots: { FLAKY: { maxConcurrentRuns: 1 } },
    },
    overrides: { now: () => Date.now() + skewMs },
  });
  try {
    const { id } = await lab.task('FLAKY');
    await lab.until(id, 'ended');
    await lab.until(await lab.addTask('FLAKY'), 'running');
    skewMs = HOUR_MS;
    await expect
      .poll(async () => (await lab.agent.handlers.why({ id })).decisions.at(-1)?.code, { timeout: 60_000 })
      .toBe('ROBOT_AT_LIMIT');
    await lab.restartAgent();
    await expect.poll(async () => (await lab.task(id)).state, { timeout: 60_000 }).toBe('COMPLETED');
    expect(deeds(lab, id)).toEqual(['claimProcessItemTask', 'completeProcessItemTask']);
    expect(await lab.agent.handlers.run({ id })).toMatchObject({ attempt: 2, outcome: 'succeeded' });
  } finally {
    await lab.close();
    rmSync(dir, { recursive: true });
  }
});
