import type { DecisionKind } from '../../shared/run.ts';
import type { Journal } from '../journal/open-journal.ts';

export interface DecisionInput {
  decision: DecisionKind;
  code: string;
  message: string;
  runId?: string | null;
}

/** Stores decisions with the time of the clock, on a task or, where there is none, on the run. */
export class Decider {
  readonly #journal: Journal;
  readonly #now: () => number;

  constructor(journal: Journal, now: () => number) {
    this.#journal = journal;
    this.#now = now;
  }

  onTask(taskId: string, input: DecisionInput): boolean {
    return this.#add({ kind: 'task', id: taskId }, input);
  }

  onRobot(robotId: string, input: DecisionInput): boolean {
    return this.#add({ kind: 'robot', id: robotId }, input);
  }

  /** For a run: kept under its task, where it has one, so that both `why TASK` and `why RUN` show it. */
  onRun(run: { id: string; taskId: string | null }, input: DecisionInput): boolean {
    const subject =
      run.taskId === null
        ? ({ kind: 'run', id: run.id } as const)
        : ({ kind: 'task', id: run.taskId } as const);
    return this.#add(subject, { ...input, runId: run.id });
  }

  #add(subject: { kind: 'task' | 'robot' | 'run'; id: string }, input: DecisionInput): boolean {
    return this.#journal.decisions.add(subject, {
      at: new Date(this.#now()).toISOString(),
      decision: input.decision,
      code: input.code,
      message: input.message,
      runId: input.runId ?? null,
    });
  }
}
