import { createRunId } from '../../src/agent/runs/run-id.ts';
import type { Run, RunDetails } from '../../src/shared/run.ts';

const REQUESTED_AT = '2026-01-01T00:00:00.000Z';

/** A run as it is when it was just queued, but for what is told. */
export function aRun(over: Partial<Run> = {}): Run {
  return {
    id: createRunId(Date.parse(REQUESTED_AT)),
    robot: { id: 'r', code: 'INVOICES', revision: 'abc' },
    operation: 'Check',
    source: 'inbox',
    processId: null,
    taskId: '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b',
    attempt: 1,
    state: 'queued',
    outcome: null,
    error: null,
    exitCode: null,
    signal: null,
    runtimes: {},
    sandbox: { requested: 'standard', achieved: 'off', missing: ['files'], reason: null },
    requestedAt: REQUESTED_AT,
    startedAt: null,
    endedAt: null,
    durationMs: null,
    outDir: null,
    log: { lines: 0, bytes: 0, entriesSent: 0, linesLeftOut: 0, documentUri: null },
    settled: null,
    ...over,
  };
}

/** What is told of a run whose robot touched nothing, as far as is known. */
export const UNTOUCHED: Pick<RunDetails, 'signature' | 'touched'> = {
  signature: null,
  touched: {
    api: { calls: 0, refused: 0, bytesUp: 0, bytesDown: 0, operations: [] },
    filesLeft: null,
    hosts: null,
    programs: null,
    peakMemoryBytes: null,
    cpuTimeMs: null,
  },
};
