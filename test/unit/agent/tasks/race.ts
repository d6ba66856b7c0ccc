import { createHash } from 'node:crypto';
import type { Task } from '../../../../src/agent/kuflow/task.ts';
import type { TakeInput } from '../../../../src/agent/tasks/take-attempt.ts';
import { TakeMemory } from '../../../../src/agent/tasks/take-memory.ts';
import type { TakeResult } from '../../../../src/agent/tasks/take-result.ts';
import { AgentError } from '../../../../src/shared/errors.ts';
import { createTakeFacts } from '../../../helpers/take-facts.ts';

// A tiny linearizable platform with one task, and hosts whose every call waits until a schedule lets it happen.

export interface Rules {
  secondClaim: 200 | 409;
  appendOnReady: boolean;
  bound: number;
  /** How many applications the hosts share: 1, or one for each. */
  principals: 'shared' | 'own';
  /** Whether a claim's answer carries the log. */
  claimShowsLog: boolean;
  /** Whether hosts have met long logs of this server. */
  isKnown: boolean;
  /** Whether hosts remember that it refused entries on READY tasks. */
  remembers: boolean;
}

export const USUAL: Rules = {
  secondClaim: 200,
  appendOnReady: true,
  bound: 500,
  principals: 'shared',
  claimShowsLog: true,
  isKnown: true,
  remembers: false,
};

/** What happens to a call when its turn comes. */
export type Fate = 'ok' | 'answer-lost' | 'never-arrives' | 'dies-after' | 'dies-before';

interface Pending {
  host: number;
  meet: (fate: Fate) => void;
}

export class World {
  readonly rules: Rules;
  nowMs = Date.parse('2026-01-01T00:00:00.400Z');
  state: Task['state'] = 'READY';
  ownerId: string | null = null;
  logs: Task['logs'] = [];
  /** Calls whose turn has not come. */
  pending: Pending[] = [];
  /** What each host was answered: it is all that a host knows. */
  readonly #answers = new Map<number, string>();
  readonly #deaths = new Map<number, () => void>();
  #entries = 0;

  constructor(rules: Rules) {
    this.rules = rules;
  }

  append(message: string): void {
    const entry = {
      id: `e${++this.#entries}`,
      timestamp: new Date(this.nowMs).toISOString(),
      message,
      level: 'INFO' as const,
    };
    this.logs = [...this.logs, entry].slice(-this.rules.bound);
  }

  /** The API as one host has it. */
  clientOf(host: number): TakeInput['client'] {
    const principal = principalOf(host, this.rules);
    const call = (work: () => Task): Promise<Task> =>
      new Promise((resolve, reject) => {
        const meet = (fate: Fate) => {
          this.pending.splice(this.pending.indexOf(pending), 1);
          try {
            if (fate === 'dies-before') return this.#die(host);
            if (fate === 'never-arrives') throw lost();
            const answer = work();
            if (fate === 'dies-after') return this.#die(host);
            if (fate === 'answer-lost') throw lost();
            this.#answered(host, answer);
            resolve(answer);
          } catch (error) {
            this.#answered(host, String(error));
            reject(error);
          }
        };
        const pending: Pending = { host, meet };
        this.pending.push(pending);
      });
    return {
      retrieveTask: () => call(() => this.#task()),
      appendLog: (_id, { message }) =>
        call(() => {
          if (this.state === 'READY' && !this.rules.appendOnReady) throw refused();
          this.append(message);
          return this.#task();
        }),
      claimTask: () =>
        call(() => {
          const again = this.state === 'CLAIMED' && this.ownerId === principal;
          if (!(again && this.rules.secondClaim === 200)) {
            if (this.state !== 'READY') throw refused();
            this.state = 'CLAIMED';
            this.ownerId = principal;
          }
          return { ...this.#task(), ...(!this.rules.claimShowsLog && { logs: [], showsLog: false }) };
        }),
    };
  }

  /** Two worlds with the same key go on in the same ways. */
  get key(): string {
    const { nowMs, state, ownerId, logs } = this;
    const world = JSON.stringify([nowMs, state, ownerId, logs, [...this.#answers].sort()]);
    return createHash('md5').update(world).digest('base64');
  }

  /** Once the host's agent is killed in the midst of a call; what it had begun goes on no more. */
  deathOf(host: number): Promise<void> {
    return new Promise((resolve) => this.#deaths.set(host, resolve));
  }

  #die(host: number): void {
    this.#answered(host, 'died');
    this.#deaths.get(host)?.();
  }

  #answered(host: number, answer: unknown): void {
    this.#answers.set(host, `${this.#answers.get(host) ?? ''}${this.nowMs}${JSON.stringify(answer)}`);
  }

  #task(): Task {
    return {
      id: 'task',
      processId: 'process',
      state: this.state,
      ownerId: this.ownerId,
      definitionCode: 'CHECK',
      tenantId: null,
      lastModifiedBy: null,
      data: null,
      logs: [...this.logs],
      showsLog: true,
      // The header comes in whole seconds.
      serverTimeMs: Math.floor(this.nowMs / 1000) * 1000,
    };
  }
}

export const principalOf = (host: number, { principals }: Rules): string =>
  principals === 'shared' ? 'application' : `application-${host}`;

/** What one host brings to a take. */
export function inputOf(world: World, host: number, over: Partial<TakeInput> = {}): TakeInput {
  const now = () => world.nowMs;
  return {
    client: world.clientOf(host),
    taskId: 'task',
    principalId: principalOf(host, world.rules),
    hostName: `PC-${host}`,
    installationId: `00000000-0000-4000-8000-00000000000${host}`,
    attempt: 1,
    reclaim: null,
    memory: memoryOf(now, world.rules),
    onIntent: () => undefined,
    signal: new AbortController().signal,
    closing: new AbortController().signal,
    sleep: async () => {},
    random: () => 0.5,
    now,
    // Time stands still here.
    watchMs: 0,
    nonce: `n${host}`,
    ...over,
  };
}

function memoryOf(now: () => number, rules: Rules): TakeMemory {
  const memory = new TakeMemory('https://api', createTakeFacts(), now);
  if (rules.isKnown) memory.noteLog(rules.bound);
  if (rules.remembers) memory.noteReady('refused');
  return memory;
}

export type Host = (world: World, host: number) => Promise<TakeResult | { taken: boolean }>;

export interface Race {
  rules: Rules;
  hosts: Host[];
  /** Entries of an outsider's, each at any time. */
  outsider?: number;
  /** At any time the clock may move by this much, so often. */
  freezes?: { byMs: number; times: number };
  /** So many calls may lose their answer, or never arrive. */
  faults?: number;
  /** So many agents may be killed in the midst of a call. */
  deaths?: number;
  /** State of the task at first; CLAIMED is by the first host's application. */
  state?: 'READY' | 'CLAIMED';
  /** How old what the log holds at first is. */
  logAgeMs?: number;
  /** What the log holds at first. */
  log?: string[];
}

export interface Finish {
  winners: number[];
  state: Task['state'];
  messages: string[];
  schedule: string[];
}

/** Which of `options` alternatives is taken when the world is as `key` says; null: this schedule is left. */
type Choose = (options: number, key: string) => number | null;

/** One schedule of a race, from its beginning to its end; null: it was left. */
export async function runRace(race: Race, choose: Choose): Promise<Finish | null> {
  const world = new World(race.rules);
  for (const message of race.log ?? []) world.append(message);
  world.nowMs += race.logAgeMs ?? 3_600_000;
  if (race.state === 'CLAIMED') {
    world.state = 'CLAIMED';
    world.ownerId = principalOf(0, race.rules);
  }
  const winners: number[] = [];
  const schedule: string[] = [];
  let failure: unknown = null;
  let living = race.hosts.length;
  race.hosts.forEach((host, index) => {
    host(world, index)
      .then(({ taken }) => taken && winners.push(index))
      .catch((error: unknown) => {
        if (!(error instanceof AgentError)) failure = error;
      })
      .finally(() => living--);
  });
  let { outsider = 0, faults = 0, deaths = 0 } = race;
  let freezes = race.freezes?.times ?? 0;
  for (;;) {
    await settled();
    if (failure !== null) throw failure;
    if (living === 0) break;
    const steps: { name: string; go: () => void }[] = [];
    for (const { host, meet } of world.pending) {
      steps.push({ name: `${host}`, go: () => meet('ok') });
      if (faults > 0)
        for (const fate of ['answer-lost', 'never-arrives'] as const)
          steps.push({
            name: `${host}:${fate}`,
            go: () => {
              faults--;
              meet(fate);
            },
          });
      if (deaths > 0)
        for (const fate of ['dies-before', 'dies-after'] as const)
          steps.push({
            name: `${host}:${fate}`,
            go: () => {
              deaths--;
              meet(fate);
            },
          });
    }
    if (outsider > 0)
      steps.push({
        name: 'outsider',
        go: () => {
          outsider--;
          if (world.state !== 'READY' || race.rules.appendOnReady) world.append('A line of the robot');
        },
      });
    if (freezes > 0)
      steps.push({
        name: 'freeze',
        go: () => {
          freezes--;
          world.nowMs += race.freezes?.byMs ?? 0;
        },
      });
    const chosen = choose(steps.length, `${world.key} ${outsider} ${faults} ${freezes} ${deaths}`);
    if (chosen === null) return null;
    const step = steps[chosen];
    if (!step) throw new Error('Nobody can go on');
    schedule.push(step.name);
    step.go();
  }
  return { winners, state: world.state, messages: world.logs.map(({ message }) => message), schedule };
}

/**
 * Every way that a race can go: the choices of the last schedule, counted up like a number. A schedule that leads to
 * where another one was is left.
 */
export async function* allSchedules(race: Race): AsyncGenerator<Finish> {
  const seen = new Set<string>();
  const path: { chosen: number; options: number }[] = [];
  do {
    let depth = 0;
    const finish = await runRace(race, (options, key) => {
      const known = path[depth++];
      if (known) return known.chosen;
      if (seen.has(key)) return null;
      seen.add(key);
      path.push({ chosen: 0, options });
      return 0;
    });
    if (finish) yield finish;
    for (let last = path.at(-1); last && ++last.chosen >= last.options; last = path.at(-1)) path.pop();
  } while (path.length > 0);
}

/** Lets everybody go on until all wait for their turn. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

function lost(): AgentError {
  return new AgentError('PLATFORM_UNREACHABLE', 'The connection was cut.', {
    details: { outcome: 'unknown' },
  });
}

function refused(): AgentError {
  return new AgentError('PLATFORM_REFUSED', 'The platform refused with 409.', { details: { status: 409 } });
}
