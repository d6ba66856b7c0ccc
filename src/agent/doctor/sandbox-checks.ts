import type { SandboxStatus } from '../../shared/run.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import { findUserHome } from '../home/user-home.ts';
import { sandboxPolicy } from '../sandbox/policy.ts';
import type { Sandbox, SandboxLevel } from '../sandbox/sandbox.ts';
import { type Finding, failed, passed } from './check.ts';

const LEVELS: readonly SandboxLevel[] = ['off', 'standard', 'strict'];

/** Tries each level by its canary. One that nobody asks for may be missing. */
export async function checkSandbox(sandbox: Sandbox, { settings }: AgentConfig): Promise<Finding[]> {
  const asked = new Set([
    settings.sandbox,
    ...Object.values(settings.robots).flatMap(({ sandbox: level }) => (level === undefined ? [] : [level])),
  ]);
  const findings: Finding[] = [];
  for (const level of LEVELS) {
    const policy = sandboxPolicy({ ...settings, sandbox: level }, findUserHome());
    findings.push(judgeLevel(await sandbox.detect(policy), asked.has(level)));
  }
  return findings;
}

export function judgeLevel(status: SandboxStatus, isAsked: boolean): Finding {
  const { requested, achieved, missing, reason } = status;
  const id = `sandbox-${requested}`;
  const lacks = missing.length === 0 ? '' : ` Not kept from robots: ${missing.join(', ')}.`;
  if (achieved === requested) return passed(id, `The level ${requested} was tried and holds.${lacks}`);
  const instead = requested === 'strict' ? 'its robots are refused' : `its robots run at ${achieved}`;
  const message = `The level ${requested} cannot be had: ${reason ?? 'it was tried and did not hold.'}`;
  if (!isAsked) return passed(id, `${message} No setting asks for it.`);
  return failed(
    id,
    `${message} So ${instead}.${lacks}`,
    'Mend what the message names, or set another level: sandbox.',
  );
}
