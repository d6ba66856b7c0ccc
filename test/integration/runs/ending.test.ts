import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { detectContainment } from '../../../src/agent/process/containment.ts';
import type { RunDetails } from '../../../src/shared/run.ts';
import { type Lab, NODE_HERE, startLab } from '../../helpers/lab.ts';
import { survivorsOf } from './survivors.ts';

const treePath = join(import.meta.dirname, '../../fixtures/processes/tree.py');
const python = ['/usr/bin/python3', '/usr/local/bin/python3', '/opt/homebrew/bin/python3'].find(existsSync);
const { kind: containment } = await detectContainment();

/** Children that ignore TERM, leave group and session, daemonise, clear their environment, leave late. */
const KINDS = [
  'deaf',
  'own-group',
  'own-session',
  'daemon',
  'cleared',
  'late-leaver',
  // Daemons that clear their environment within milliseconds are held by a namespace alone.
  ...(containment === 'pid-namespace' ? ['cleared-daemon'] : []),
];

/** Programs by operation, and how a run of each ends. */
const ENDINGS: { operation: string; shell: string; end: Partial<RunDetails> & { code: string | null } }[] = [
  {
    operation: 'an exit code',
    shell: 'exit 3',
    end: { outcome: 'failed', code: 'ROBOT_EXIT', exitCode: 3, signal: null },
  },
  {
    operation: 'an exit code of Node.js',
    shell: 'node -e "process.exit(4)"',
    end: { outcome: 'failed', code: 'ROBOT_EXIT', exitCode: 4, signal: null },
  },
  {
    operation: 'a child that a signal ended',
    shell: "sh -c 'kill -KILL $$'; exit $?",
    end: { outcome: 'failed', code: 'ROBOT_SIGNAL', exitCode: 137, signal: 'SIGKILL' },
  },
  {
    operation: 'a signal of its own',
    shell: 'kill -SEGV $$',
    end: {
      outcome: 'failed',
      code: 'ROBOT_SIGNAL',
      exitCode: containment === 'pid-namespace' ? 139 : null,
      signal: 'SIGSEGV',
    },
  },
  {
    operation: 'a command that is not there',
    shell: 'no-such-command',
    end: { outcome: 'failed', code: 'ROBOT_EXIT', exitCode: 127, signal: null },
  },
  {
    operation: 'children left behind',
    shell: `setsid sh -c ': \${KUFLOW_EXECUTION_OUTDIR}; sleep 300' & echo done`,
    end: { outcome: 'succeeded', code: null, exitCode: 0, signal: null },
  },
];

const manifest = [
  'operations:',
  ...[...KINDS, 'pipe-holder'].map(
    (kind) => `  - name: ${kind}\n    shell: ${python} tree.py ${kind} "\${KUFLOW_EXECUTION_OUTDIR}"`,
  ),
  ...ENDINGS.map(({ operation, shell }) => `  - name: ${operation}\n    shell: ${JSON.stringify(shell)}`),
  `tools:\n  nodejs: ${NODE_HERE}\n`,
].join('\n');

let lab: Lab;

beforeAll(async () => {
  const files = { 'kubot.yaml': manifest, 'tree.py': readFileSync(treePath, 'utf8') };
  const trees = python === undefined ? [] : KINDS;
  lab = await startLab({
    robots: { ROBOT: { files }, TIMED: { files } },
    tasks: [
      ...trees.map((kind) => ({ code: `CANCELLED ${kind}`, robot: 'ROBOT', operation: kind })),
      ...trees.map((kind) => ({ code: `TIMED OUT ${kind}`, robot: 'TIMED', operation: kind })),
      ...ENDINGS.map(({ operation }) => ({ code: operation, robot: 'ROBOT', operation })),
      ...(python === undefined ? [] : [{ code: 'pipe-holder', robot: 'ROBOT', operation: 'pipe-holder' }]),
    ],
    settings: {
      maxConcurrentRuns: 32,
      cancelGraceMs: 1000,
      robots: { TIMED: { runTimeoutMs: 6000 } },
    },
  });
});

afterAll(() => lab.close());

describe.runIf(python !== undefined && process.platform === 'linux')('a run with a tree of children', () => {
  test.each(KINDS)('leaves nobody when it is cancelled: %s', async (kind) => {
    const { id } = await lab.task(`CANCELLED ${kind}`);
    const run = await lab.until(id, 'running');
    await expect.poll(() => existsSync(join(run.outDir ?? '', 'parent')), { timeout: 30_000 }).toBe(true);
    expect(survivorsOf(run.id)).not.toEqual([]);

    const cancelledAt = Date.now();
    await lab.agent.handlers.cancel({ id: run.id });
    const ended = await lab.until(id, 'ended');

    expect(survivorsOf(run.id)).toEqual([]);
    expect(ended).toMatchObject({
      outcome: 'cancelled',
      error: { code: 'CANCELLED_BY_OPERATOR' },
      settled: { action: 'kept' },
    });
    // The grace is given, and not exceeded by the sum of what waits inside could take.
    expect(Date.parse(ended.endedAt ?? '') - cancelledAt).toBeLessThan(10_000);
    const task = await lab.task(id);
    expect(task.state).toBe('CLAIMED');
    expect(task.entries.at(-1)).toMatchObject({
      level: 'WARN',
      message: expect.stringMatching(/CANCELLED_BY_OPERATOR[\s\S]*\[end cancelled\]/),
    });
  });

  test.each(KINDS)('leaves nobody when its time is up: %s', async (kind) => {
    const { id } = await lab.task(`TIMED OUT ${kind}`);
    const ended = await lab.until(id, 'ended');

    expect(survivorsOf(ended.id)).toEqual([]);
    expect(existsSync(join(ended.outDir ?? '', 'parent'))).toBe(true);
    expect(ended).toMatchObject({
      outcome: 'timed-out',
      error: { code: 'RUN_TIMEOUT', message: 'The robot ran longer than 6 s and was ended.' },
      settled: { action: 'kept' },
    });
    expect(ended.durationMs).toBeGreaterThanOrEqual(6000);
    const task = await lab.task(id);
    expect(task.state).toBe('CLAIMED');
    expect(task.entries.at(-1)).toMatchObject({
      level: 'ERROR',
      message: expect.stringMatching(/RUN_TIMEOUT[\s\S]*\[end timed-out\]/),
    });
  });

  test('ends at its exit under a daemon that holds its pipes', async () => {
    const { id } = await lab.task('pipe-holder');
    const ended = await lab.until(id, 'ended');
    expect(survivorsOf(ended.id)).toEqual([]);
    expect(ended).toMatchObject({ outcome: 'failed', error: { code: 'ROBOT_EXIT' }, exitCode: 3 });
    expect(await lab.logText(ended)).toContain('INFO leaving');
  });
});

describe('a run that ends by itself', () => {
  test.each(ENDINGS)('tells of $operation', async ({ operation, end }) => {
    const { id } = await lab.task(operation);
    const ended = await lab.until(id, 'ended');
    const { outcome, exitCode, signal, error } = ended;
    expect({ outcome, code: error?.code ?? null, exitCode, signal }).toEqual(end);
    expect(survivorsOf(ended.id)).toEqual([]);

    const succeeded = outcome === 'succeeded';
    const task = await lab.task(id);
    expect(ended.settled?.action).toBe(succeeded ? 'completed' : 'kept');
    expect(task.state).toBe(succeeded ? 'COMPLETED' : 'CLAIMED');
    expect(task.entries.at(-1)).toMatchObject({
      level: succeeded ? 'INFO' : 'ERROR',
      message: expect.stringContaining(`[end ${outcome}]`),
    });
    if (error === null) return;
    expect(task.entries.at(-1)?.message).toContain(`${error.message}`);
    expect(await lab.logText(ended)).toContain(`ERROR ${error.message} [${error.code}]`);
  });
});
