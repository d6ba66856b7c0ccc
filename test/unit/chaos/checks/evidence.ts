import type { RobotWord, RunEvidence, TaskEvidence } from '../../../../chaos/evidence.ts';
import { findRobot } from '../../../../chaos/fleet.ts';

export const TASK_ID = '11111111-1111-4111-8111-111111111111';
export const AGENT_PRINCIPAL = 'principal of the agents';
export const START_MS = Date.parse('2026-01-01T10:00:00Z');
export const at = (seconds: number) => new Date(START_MS + seconds * 1000).toISOString();

/** A run that went well, from second 1 to second 5. */
export function runOf(code: string, changes: Partial<RunEvidence> = {}): RunEvidence {
  return {
    host: 1,
    id: '00000000-0000-7000-8000-0000deadbeef',
    robot: { id: 'robot', code, revision: 'r' },
    operation: null,
    source: 'inbox',
    processId: 'process',
    taskId: TASK_ID,
    attempt: 1,
    state: 'ended',
    outcome: 'succeeded',
    error: null,
    exitCode: 0,
    signal: null,
    runtimes: {},
    sandbox: { requested: 'standard', achieved: 'off', missing: [], reason: null },
    requestedAt: at(1),
    startedAt: at(2),
    endedAt: at(5),
    durationMs: 3000,
    outDir: null,
    log: { lines: 1, bytes: 1, entriesSent: 1, linesLeftOut: 0, documentUri: null },
    settled: { at: at(5), action: 'completed' },
    ...changes,
  };
}

/** A task that a run took and completed. */
export function taskOf(code: string, changes: Partial<TaskEvidence> = {}): TaskEvidence {
  return {
    id: TASK_ID,
    robot: findRobot(code),
    state: 'COMPLETED',
    ownerId: AGENT_PRINCIPAL,
    entries: [{ at: at(5), level: 'INFO', message: 'Succeeded.\n1 line.\n[end succeeded] ·deadbeef/2' }],
    moves: [
      { at: at(1), operation: 'claimProcessItemTask', principalId: AGENT_PRINCIPAL },
      { at: at(5), operation: 'completeProcessItemTask', principalId: AGENT_PRINCIPAL },
    ],
    ...changes,
  };
}

export function wordsOf(run: RunEvidence, phases: RobotWord['phase'][] = ['start', 'end']): RobotWord[] {
  return phases.map((phase) => ({
    at: Date.parse((phase === 'start' ? run.startedAt : run.endedAt) ?? run.requestedAt),
    phase,
    runId: run.id,
    taskId: run.taskId ?? '',
    rows: phase === 'end' ? 3 : 0,
  }));
}
