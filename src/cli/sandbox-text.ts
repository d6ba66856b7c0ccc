import type { SandboxStatus } from '../shared/run.ts';

/** `standard`, or what it is instead, with what it lacks. */
export function sandboxInWords({ requested, achieved, missing }: SandboxStatus): string {
  return missing.length === 0
    ? achieved
    : `${achieved} (asked for: ${requested}; missing: ${missing.join(', ')})`;
}
