import type { DoctorCheck } from '../../shared/doctor.ts';
import type { AgentError } from '../../shared/errors.ts';

/** Of a failed check; the exit code of the command comes from the first of them. */
export type Severity = 1 | 3 | 4 | 5;

export type Finding = DoctorCheck & { exitCode: 0 | Severity };

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
