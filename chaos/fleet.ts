import type { SeedInput } from '../src/platform/seed.ts';
import type { RobotSettings } from '../src/shared/robot-settings.ts';

/** A sample robot: one script of chaos/robots under settings of its own. */
export interface FleetRobot {
  code: string;
  /** Of chaos/robots, without its ending; the operation's name too. */
  script: string;
  /** How it ends when nothing befalls it. */
  ends: 'succeeded' | 'failed' | 'timed-out';
  completesItself?: true;
  /** Share of the tasks. */
  weight: number;
  settings?: RobotSettings;
}

export const RETRY_ATTEMPTS = 3;
/** Who gets the tasks of the policy hand-over. */
export const PERSON = { name: 'Ada', email: 'ada@example.com' };
export const DEFINITION = 'CHAOS';
/** Which processes the tasks belong to. */
export const PROCESS_IDS = [1, 2, 3].map((number) => `c0a05000-0000-4000-8000-00000000000${number}`);

const retry: RobotSettings = { failurePolicy: 'retry', retryAttempts: RETRY_ATTEMPTS, retryBackoffMs: 500 };

export const FLEET: readonly FleetRobot[] = [
  { code: 'NUMBERS', script: 'numbers', ends: 'succeeded', weight: 32 },
  { code: 'NUMBERS_AGAIN', script: 'numbers', ends: 'succeeded', weight: 10, settings: retry },
  { code: 'FAILS', script: 'fails', ends: 'failed', weight: 8 },
  { code: 'FAILS_AGAIN', script: 'fails', ends: 'failed', weight: 6, settings: retry },
  {
    code: 'FAILS_TO_ADA',
    script: 'fails',
    ends: 'failed',
    weight: 4,
    settings: { failurePolicy: 'hand-over', handOverTo: PERSON.email },
  },
  { code: 'FLOOD', script: 'flood', ends: 'succeeded', weight: 8 },
  {
    code: 'STUBBORN',
    script: 'stubborn',
    ends: 'timed-out',
    weight: 5,
    settings: { runTimeoutMs: 2000, cancelGraceMs: 1000 },
  },
  { code: 'COMPLETES', script: 'completes', ends: 'succeeded', weight: 10, completesItself: true },
  { code: 'GATEWAY', script: 'gateway', ends: 'succeeded', weight: 11 },
  { code: 'CHATTY', script: 'chatty', ends: 'succeeded', weight: 6 },
];

export function findRobot(code: string): FleetRobot {
  const robot = FLEET.find((one) => one.code === code);
  if (!robot) throw new Error(`The fleet has no ${code}`);
  return robot;
}

/** What the platform starts with; `package/` lies beside. */
export function fleetSeed(variables: Record<string, string>): SeedInput {
  return {
    tenant: { name: 'Chaos' },
    users: [PERSON],
    robots: FLEET.map(({ code }) => ({
      code,
      name: code,
      package: 'package/',
      environmentVariables: variables,
    })),
    processDefinitions: [
      {
        code: DEFINITION,
        name: 'Chaos',
        tasks: FLEET.map(({ code, script }) => ({ code, name: code, robot: code, operation: script })),
      },
    ],
    processes: PROCESS_IDS.map((id) => ({ id, definition: DEFINITION })),
  };
}

/** The manifest of the one package that all of them share. */
export function fleetManifest(nodeVersion: string): string {
  const scripts = [...new Set(FLEET.map(({ script }) => script))];
  const operations = scripts.map((script) => `  - name: ${script}\n    shell: node ${script}.mjs\n`);
  return `operations:\n${operations.join('')}tools:\n  nodejs: ${nodeVersion}\n`;
}

export function fleetRoutes(): Record<string, { robot: string; operation: string }> {
  return Object.fromEntries(FLEET.map(({ code, script }) => [code, { robot: code, operation: script }]));
}

export function fleetSettings(): Record<string, RobotSettings> {
  return Object.fromEntries(FLEET.flatMap(({ code, settings }) => (settings ? [[code, settings]] : [])));
}
