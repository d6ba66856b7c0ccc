import { bytes } from '../../shared/byte-text.ts';
import type { ConnectionCheck, Problem, SeenRobot } from '../../shared/connection-check.ts';
import { count, printable } from '../text.ts';

/** A check as sentences for a terminal. */
export function checkLines(check: ConnectionCheck): string[] {
  const { address, credentials, worker, tenant, robots, machine } = check;
  const way = address.proxy === null ? '' : ` by the proxy ${address.proxy}`;
  return [
    ...line('address', address, `${address.endpoint} is the KuFlow API${way}.`),
    ...line('credentials', credentials, 'The platform takes the credentials.'),
    ...line('worker', worker, 'Nothing speaks against this application being a worker.'),
    ...line('tenant', tenant, tenantText(tenant)),
    ...(robots === null ? [] : robotLines(robots)),
    `ok    machine      ${count(machine.cores, 'core')}, ${bytes(machine.memoryBytes)} of memory, ${bytes(machine.freeDiskBytes)} free; ${count(machine.advisedRuns, 'run')} at once would suit it.`,
    ...(machine.note === null ? [] : [`                   ${machine.note}`]),
  ].map(printable);
}

function line(name: string, step: { ok: boolean; problem: Problem | null } | null, fine: string): string[] {
  if (step === null) return [];
  if (step.problem === null) return [`ok    ${name.padEnd(11)}  ${fine}`];
  const { code, message, hint } = step.problem;
  return [
    `FAIL  ${name.padEnd(11)}  ${message} (${code})`,
    ...(hint === null ? [] : [`      ${''.padEnd(11)}  → ${hint}`]),
  ];
}

function tenantText(tenant: ConnectionCheck['tenant']): string {
  if (tenant === null) return '';
  if (tenant.id !== null) return `Tenant ${tenant.id}.`;
  if (tenant.seen.length < 2) return 'There is nothing to choose.';
  const names = tenant.seen.map(({ id, name }) => (name === null ? id : `${name} (${id})`));
  return `The credentials see several: ${names.join(', ')}. Name one in tenantId.`;
}

function robotLines(robots: readonly SeenRobot[]): string[] {
  const able = robots.filter(({ canRun }) => canRun).length;
  const sum =
    robots.length === 0
      ? 'The credentials see no robots.'
      : `${able} of ${count(robots.length, 'robot')} can run here.`;
  return [
    `ok    robots       ${sum}`,
    ...robots.map(({ code, canRun, reason, excluded }) => {
      const left = excluded ? 'left out by robotFilter' : 'can run here';
      return `                   ${code}: ${canRun ? left : (reason?.message ?? '')}`;
    }),
  ];
}
