import type { AgentError } from '../../shared/errors.ts';

/** One thing that was looked at. */
export interface Check {
  id: string;
  ok: boolean;
  message: string;
  /** What a person can do; null where nothing is to be done. */
  fix: string | null;
}

/** Of a failed check; the exit code of the command comes from the first of them. */
export type Severity = 1 | 3 | 4 | 5;

export type Finding = Check & { exitCode: 0 | Severity };

export function passed(id: string, message: string): Finding {
  return { id, ok: true, message, fix: null, exitCode: 0 };
}

export function failed(id: string, message: string, fix: string, exitCode: Severity = 1): Finding {
  return { id, ok: false, message, fix, exitCode };
}

/** A check that an error ended. */
export function failedWith(id: string, error: AgentError, exitCode: Severity = 1): Finding {
  return failed(id, error.message, error.hint, exitCode);
}
