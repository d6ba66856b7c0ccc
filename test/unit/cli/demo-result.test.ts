import { describe, expect, test } from 'vitest';
import { closingLines, listDemoTasks, resultOfTasks } from '../../../src/cli/demo/demo-result.ts';
import { createProgressLines } from '../../../src/cli/demo/follow-demo.ts';
import { Terminal } from '../../../src/cli/terminal.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import type { RunDetails } from '../../../src/shared/run.ts';
import { UNTOUCHED } from '../../helpers/a-run.ts';
import { screen } from './screen.ts';

const TASK = { id: 't1', definition: 'CHECK', robot: 'INVOICES', operation: 'Check' };

const RUN: RunDetails = {
  id: '01890000-0000-7000-8000-0000abcdef12',
  robot: { id: 'r1', code: 'INVOICES', revision: 'v1' },
  operation: 'Check',
  source: 'inbox',
  processId: 'p1',
  taskId: 't1',
  attempt: 1,
  state: 'ended',
  outcome: 'succeeded',
  error: null,
  exitCode: 0,
  signal: null,
  runtimes: {},
  sandbox: { requested: 'standard', achieved: 'off', missing: [], reason: null },
  requestedAt: '2026-01-02T03:04:05.000Z',
  startedAt: '2026-01-02T03:04:05.000Z',
  endedAt: '2026-01-02T03:04:06.000Z',
  durationMs: 1000,
  outDir: null,
  log: { lines: 9, bytes: 99, entriesSent: 4, linesLeftOut: 0, documentUri: null },
  settled: { at: '2026-01-02T03:04:06.000Z', action: 'completed' },
  timeline: [],
  apiCalls: [
    call('uploadProcessDocument', 201),
    call('uploadProcessDocument', 500),
    call('findProcesses', 200),
  ],
  files: [],
  ...UNTOUCHED,
};

function call(operationId: string, status: number): RunDetails['apiCalls'][number] {
  const at = '2026-01-02T03:04:05.000Z';
  const counts = { times: 1, bytesUp: 0, bytesDown: 0 };
  return {
    at,
    operationId,
    method: 'POST',
    path: '/x',
    status,
    verdict: 'forwarded',
    reason: null,
    ...counts,
  };
}

describe('the tasks of the demo', () => {
  test('are those of the seed, with the robot that their definition names', () => {
    expect(
      listDemoTasks({
        robots: [],
        processDefinitions: [{ tasks: [{ code: 'CHECK', robot: 'INVOICES', operation: 'Check' }] }],
        processes: [{ documents: [], tasks: [{ id: 't1', definition: 'CHECK' }] }],
      }),
    ).toEqual([TASK]);
  });

  test('that were completed tell so, with the documents that were uploaded', async () => {
    expect(await resultOfTasks({ run: async () => RUN }, [TASK])).toEqual([
      {
        isCompleted: true,
        runId: RUN.id,
        view: {
          robot: 'INVOICES',
          operation: 'Check',
          outcome: 'succeeded',
          durationMs: 1000,
          logEntries: 4,
          documents: 1,
        },
      },
    ]);
  });

  test('that no run took are not completed', async () => {
    const run = () => Promise.reject(new AgentError('RUN_NOT_FOUND', 'None.'));
    const [result] = await resultOfTasks({ run }, [TASK]);
    expect(result).toMatchObject({ isCompleted: false, runId: null, view: { outcome: null, documents: 0 } });
  });

  test('whose run succeeded without completing them are not completed', async () => {
    const [result] = await resultOfTasks({ run: async () => ({ ...RUN, settled: null }) }, [TASK]);
    expect(result?.isCompleted).toBe(false);
  });

  test('end with a table and commands that can be copied', async () => {
    const results = await resultOfTasks({ run: async () => RUN }, [TASK]);
    const lines = closingLines(results, { ok: true, home: "/home/ana's é", leftOut: [] });
    expect(lines).toContain('INVOICES  Check      succeeded     1.0 s            4          1');
    expect(lines).toContain("  bin/kubot --home '/home/ana'\\''s é' logs abcdef12");
  });
});

describe('progress', () => {
  test('without a screen is one line a step', () => {
    const stdout = screen();
    const tell = createProgressLines(new Terminal({ stdout, stderr: screen(), isJson: false }));
    const step = 'downloading Python 3.11.7';
    for (const bytes of [0, 50, 100]) tell({ robotCode: 'INVOICES', step, bytes, totalBytes: 100 });
    tell({ robotCode: 'INVOICES', step: 'post-install: pip', bytes: null, totalBytes: null });
    expect(stdout.text()).toBe(
      'INVOICES        downloading Python 3.11.7, 100 B …\nINVOICES        post-install: pip …\n',
    );
  });

  test('on a screen is a line that moves on', () => {
    const stdout = Object.assign(screen(), { isTTY: true, columns: 80 });
    const tell = createProgressLines(new Terminal({ stdout, stderr: screen(), isJson: false }));
    const step = 'downloading the package';
    for (const bytes of [0, 50]) tell({ robotCode: 'INVOICES', step, bytes, totalBytes: 100 });
    tell({ robotCode: 'INVOICES', step: 'next', bytes: null, totalBytes: null });
    expect(stdout.text()).toContain('downloading the package  50 %\r\u001b[K');
  });
});
