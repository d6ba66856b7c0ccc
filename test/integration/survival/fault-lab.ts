import { gunzipSync } from 'node:zlib';
import { expect } from 'vitest';
import { connectToAgent } from '../../../src/cli/control-client.ts';
import type { PlatformBehaviour } from '../../../src/platform/behaviour.ts';
import type { ControlHandlers } from '../../../src/shared/control-api.ts';
import { isAgentError } from '../../../src/shared/errors.ts';
import type { Run } from '../../../src/shared/run.ts';
import { type AgentProcess, startAgentProcess } from '../../helpers/agent-process.ts';
import { type Collector, startCollector } from '../../helpers/collector.ts';
import {
  type FaultEvent,
  type FaultProxyProcess,
  type FaultRule,
  startFaultProxyProcess,
} from '../../helpers/fault-proxy-process.ts';
import { type Lab, startLab } from '../../helpers/lab.ts';
import { letGo, waitingRobot } from '../runs/waiting-robot.ts';
import { runsInJournal, until } from './judge.ts';

/** The calls by which a run reaches the platform. The first append is the take's. */
export const CALLS = {
  take: { path: /append-log$/, body: /\[take / },
  claim: { path: /claim$/ },
  // Not the take's: its message ends with a mark.
  line: { path: /append-log$/, body: / ·[0-9a-f]{8}\/\d+"/ },
  document: { path: /upload-document/ },
  complete: { path: /complete$/ },
} satisfies Record<string, Pick<FaultRule, 'path' | 'body'>>;

/** An agent in a process of its own, a proxy process between it and the platform, and a witness beside them. */
export interface FaultLab {
  lab: Lab;
  proxy: FaultProxyProcess;
  collector: Collector;
  readonly agent: AgentProcess;
  /** What the proxy did, oldest first. */
  readonly faults: readonly FaultEvent[];
  /** The agent's control API, as a client on this machine has it. */
  control(): ControlHandlers;
  /** Starts the agent, or another one after it ended. */
  startAgent(environment?: Record<string, string>): Promise<void>;
  /** Until a fault of this name has begun so often. */
  untilFault(name: string, count?: number, phase?: FaultEvent['phase']): Promise<void>;
  /** The task's newest run in the journal, once it has come so far. */
  untilRun(taskId: string, state: 'running' | 'settling' | 'ended'): Promise<Run>;
  /** Until the connection's state and last error, as `kubot status` has them, match: `offline: Could not …`. */
  untilStatus(what: RegExp): Promise<void>;
  letGo(run: Run): void;
  /** The run ids of the robot's starts for a task, as the robot told the witness. */
  startsOf(taskId: string): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Prints `row N` until it is let go, or its time is over; tells the witness that it starts, now and then that it lives,
 * and in the end how many rows there were.
 */
const ROBOT = waitingRobot({
  before: `
    const tell = (text) => fetch(process.env.COLLECTOR, { method: 'POST', body: text });
    const { KUBOT_RUN_ID } = process.env;
    await tell(['start', KUFLOW_TASK_ID, KUBOT_RUN_ID].join(' '));
    let rows = 0;
    const print = () => console.log('row ' + ++rows);
    for (let n = 0; n < Number(process.env.ROWS_AT_FIRST); n++) print();
    const timer = setInterval(print, Number(process.env.ROW_EVERY_MS));
    const alive = () => tell(['alive', KUFLOW_TASK_ID, KUBOT_RUN_ID, Date.now()].join(' ')).catch(() => {});
    setInterval(alive, 200).unref();
    const { RUNS_MS } = process.env;
    if (RUNS_MS) setTimeout(() => writeFileSync(join(KUFLOW_EXECUTION_OUTDIR, 'go'), ''), Number(RUNS_MS));
  `,
  after: `
    clearInterval(timer);
    for (let n = 0; n < Number(process.env.ROWS_AT_LAST); n++) print();
    await tell(['end', KUFLOW_TASK_ID, KUBOT_RUN_ID, rows].join(' '));
  `,
});

export interface FaultLabOptions {
  settings?: Record<string, unknown>;
  behaviour?: Partial<PlatformBehaviour>;
  /** How many rows the robot prints at once when it starts. */
  rowsAtFirst?: number;
  /** Then one row so often; 50 ms unless given. */
  rowEveryMs?: number;
  /** How many once it is let go. */
  rowsAtLast?: number;
  /** For how long it runs; until it is let go unless given. */
  runsMs?: number;
  platformNow?: () => number;
}

export async function openFaultLab(options: FaultLabOptions = {}): Promise<FaultLab> {
  const { settings = {}, behaviour, platformNow } = options;
  const { rowsAtFirst = 1, rowEveryMs = 50, rowsAtLast = 0, runsMs } = options;
  const collector = await startCollector();
  const faults: FaultEvent[] = [];
  let proxy: FaultProxyProcess | null = null;
  const environmentVariables = {
    COLLECTOR: collector.url,
    ROWS_AT_FIRST: String(rowsAtFirst),
    ROW_EVERY_MS: String(rowEveryMs),
    ROWS_AT_LAST: String(rowsAtLast),
    ...(runsMs !== undefined && { RUNS_MS: String(runsMs) }),
  };
  const lab = await startLab({
    robots: { WORK: { ...ROBOT, environmentVariables } },
    tasks: [{ code: 'WORK', later: true }],
    settings: { taskCheckMs: 500, maxConcurrentRuns: 4, ...settings },
    ...(behaviour && { behaviour }),
    ...(platformNow && { platformNow }),
    endpointOf: async ({ url }) => {
      proxy = await startFaultProxyProcess({ target: url, onFault: (event) => faults.push(event) });
      return proxy.url;
    },
  });
  if (proxy === null) throw new Error('There is no proxy');
  return new OpenFaultLab(lab, proxy, collector, faults);
}

class OpenFaultLab implements FaultLab {
  readonly lab: Lab;
  readonly proxy: FaultProxyProcess;
  readonly collector: Collector;
  readonly faults: readonly FaultEvent[];
  #agent: AgentProcess | null = null;

  constructor(lab: Lab, proxy: FaultProxyProcess, collector: Collector, faults: readonly FaultEvent[]) {
    this.lab = lab;
    this.proxy = proxy;
    this.collector = collector;
    this.faults = faults;
  }

  get agent(): AgentProcess {
    if (this.#agent === null) throw new Error('No agent was started');
    return this.#agent;
  }

  control(): ControlHandlers {
    return connectToAgent(this.lab.home);
  }

  async startAgent(environment: Record<string, string> = {}): Promise<void> {
    this.#agent = await startAgentProcess(this.lab, environment);
  }

  async untilFault(name: string, count = 1, phase: FaultEvent['phase'] = 'begun'): Promise<void> {
    const begun = () => this.faults.filter((event) => event.name === name && event.phase === phase).length;
    await until(`fault ${name} befell ${count} requests`, () => begun() >= count);
  }

  async untilRun(taskId: string, state: 'running' | 'settling' | 'ended'): Promise<Run> {
    const order = ['running', 'settling', 'ended'];
    let found: Run | undefined;
    await until(`the run of ${taskId} is ${state}`, () => {
      found = runsInJournal(this.lab).find((run) => run.taskId === taskId);
      return found !== undefined && order.indexOf(found.state) >= order.indexOf(state);
    });
    if (!found) throw new Error('It is gone');
    return found;
  }

  async untilStatus(what: RegExp): Promise<void> {
    const said = new Set<string>();
    const isSaid = async () => {
      const now = await this.#connectionText();
      said.add(now);
      return what.test(now);
    };
    await until(`status says ${what}`, isSaid).catch((error: unknown) => {
      throw new Error(`Status said only this: ${[...said].join('; ')}`, { cause: error });
    });
  }

  async #connectionText(): Promise<string> {
    try {
      const { connection } = await this.control().status();
      return `${connection.state}: ${connection.lastError?.message ?? 'no error'}`;
    } catch (error) {
      if (isAgentError(error) && error.code === 'AGENT_NOT_RUNNING') return error.message;
      throw error;
    }
  }

  letGo(run: Run): void {
    letGo(run);
  }

  async startsOf(taskId: string): Promise<string[]> {
    const words = (await this.collector.lines()).map(({ text }) => text.split(' '));
    return words.flatMap(([what, task, run = '']) => (what === 'start' && task === taskId ? [run] : []));
  }

  async close(): Promise<void> {
    await this.#agent?.end('SIGKILL');
    await this.lab.close();
    await this.proxy.close();
    await this.collector.close();
  }
}

export interface ToldLog {
  /** Numbers of the rows that entries show, in the order of the log. */
  rows: number[];
  /** Lines of any kind that are shown. */
  shown: number;
  /** Of the marks, in the order of the log. */
  numbers: number[];
  /** Outcomes by the last entries. */
  ends: string[];
  /** What the last entry counts. */
  lines: number;
  leftOut: number;
}

const END = /([\d,]+) lines?(?:, ([\d,]+) of them left out here)?\..*\n\[end ([a-z-]+)\]$/s;

/** What entries of one run tell, oldest first. */
export function readTold(messages: readonly string[], run: Pick<Run, 'id'>): ToldLog {
  const mark = new RegExp(` ·${run.id.slice(-8)}/(\\d+)$`);
  const told: ToldLog = { rows: [], shown: 0, numbers: [], ends: [], lines: 0, leftOut: 0 };
  for (const message of messages) {
    const number = mark.exec(message)?.[1];
    if (number === undefined) continue;
    told.numbers.push(Number(number));
    const text = message.replace(mark, '');
    const [, lines, leftOut = '0', outcome] = END.exec(text) ?? [];
    if (outcome !== undefined) {
      told.ends.push(outcome);
      told.lines = numberOf(lines ?? '');
      told.leftOut = numberOf(leftOut);
      continue;
    }
    const shown = text
      .split('\n')
      .filter((line) => !line.startsWith('still running, ') && !/^… .* left out$/.test(line));
    told.shown += shown.length;
    told.rows.push(...shown.flatMap((line) => (/^row (\d+)$/.exec(line) ? [Number(line.slice(4))] : [])));
  }
  return told;
}

const numberOf = (text: string) => Number(text.replaceAll(',', ''));

/** Everything that was ever appended to a task, whatever the platform kept of it; oldest first. */
export function appendsOf({ platform }: Lab, taskId: string): string[] {
  const appends = platform
    .audit()
    .filter(
      ({ operation, resource }) => operation === 'appendProcessItemTaskLog' && resource === `item/${taskId}`,
    );
  return appends.map(({ after }) => (after as { entry: { message: string } }).entry.message);
}

/** How many rows the robot printed in a run, by its own word to the witness. */
export async function rowsOf({ collector }: FaultLab, run: Run): Promise<number> {
  const end = (await collector.lines()).find(
    ({ text }) => text.startsWith('end ') && text.includes(` ${run.id} `),
  );
  return Number(end?.text.split(' ').at(-1) ?? Number.NaN);
}

/**
 * Nothing lost, nothing twice, as those beside the agent have it: one start, one claim, one completion, each row once
 * and in order or counted as left out and in the document.
 */
export async function expectWhole(faultLab: FaultLab, taskId: string): Promise<Run> {
  const { lab } = faultLab;
  const run = await faultLab.untilRun(taskId, 'ended');
  expect(run).toMatchObject({ outcome: 'succeeded', attempt: 1, settled: { action: 'completed' } });
  const task = await lab.task(taskId);
  expect(task.state).toBe('COMPLETED');
  expect(await faultLab.startsOf(taskId)).toEqual([run.id]);
  const rest = lab.mutations(taskId).filter((operation) => operation !== 'appendProcessItemTaskLog');
  expect(rest).toEqual(['claimProcessItemTask', 'completeProcessItemTask']);
  expect(appendsOf(lab, taskId).filter((message) => message.startsWith('Taken by '))).toHaveLength(1);
  const told = readTold(appendsOf(lab, taskId), run);
  const rows = await rowsOf(faultLab, run);
  expectOnceInOrder(told.numbers);
  expectOnceInOrder(told.rows);
  expect(told.ends).toEqual(['succeeded']);
  expect({ lines: told.lines, shownOrCounted: told.shown + told.leftOut }).toEqual({
    lines: run.log.lines,
    shownOrCounted: run.log.lines,
  });
  if (told.leftOut === 0) expect(told.rows).toEqual(oneTo(rows));
  else expect(await rowsInDocument(lab, run)).toEqual(oneTo(rows));
  return run;
}

/** Fails where a number is there twice or behind a greater one. */
export function expectOnceInOrder(numbers: readonly number[]): void {
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
}

export const oneTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

export async function rowsInDocument(lab: Lab, run: Run): Promise<number[]> {
  const bytes = await lab.document(run.processId ?? '', run.log.documentUri ?? '');
  return [
    ...gunzipSync(bytes)
      .toString()
      .matchAll(/ row (\d+)$/gm),
  ].map(([, row]) => Number(row));
}
