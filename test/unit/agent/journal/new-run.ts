import { createRunId } from '../../../../src/agent/runs/run-id.ts';
import type { Run } from '../../../../src/shared/run.ts';

export const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();
export const taskId = '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b';

/** A queued run, with what a test says of it. */
export function newRun(over: Partial<Run> = {}): Run {
  return {
    id: createRunId(Date.UTC(2026, 0, 1)),
    robot: { id: 'r', code: 'INVOICES', revision: 'abc' },
    operation: 'Check',
    source: 'inbox',
    processId: null,
    taskId,
    attempt: 1,
    state: 'queued',
    outcome: null,
    error: null,
    exitCode: null,
    signal: null,
    runtimes: {},
    sandbox: { requested: 'standard', achieved: 'off', missing: ['files'] },
    requestedAt: at(0),
    startedAt: null,
    endedAt: null,
    durationMs: null,
    outDir: null,
    log: { lines: 0, bytes: 0, entriesSent: 0, linesLeftOut: 0, documentUri: null },
    settled: null,
    ...over,
  };
}
