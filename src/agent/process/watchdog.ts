import { type ChildProcess, spawn } from 'node:child_process';
import { ownScript } from './own-script.ts';
import type { Cookie } from './process-table.ts';
import { type WardOrder, writeOrder } from './ward-orders.ts';

/** Kills robots whose agent died, where neither a namespace nor a Job Object does (docs/adr/0010). */
export interface Watchdog {
  /** To be called before the robot is started, so that none is without watch. */
  expect(cookie: Cookie): Ward;
  /** Ends the process. What it still knows of it kills first. */
  close(): void;
}

/** One robot as the watchdog knows it. */
export interface Ward {
  /** It leads a group of this number. */
  started(pid: number): void;
  /** Its processes of the last look: when each started, by its pid. */
  saw(members: ReadonlyMap<number, string>): void;
  /** It and all it started are dead. */
  over(): void;
}

/** One that was killed is replaced, but not as fast as it can be killed: each time later, to this. */
const FIRST_RESTART_MS = 500;
const LAST_RESTART_MS = 60_000;

/** Starts the process with the first robot. @param warn told when it ended though the agent lives */
export function createWatchdog(warn: (message: string) => void): Watchdog {
  /** What to tell a new one. */
  const wards = new Map<number, Map<WardOrder['kind'], WardOrder>>();
  let child: ChildProcess | null = null;
  let restart: NodeJS.Timeout | undefined;
  let restartMs = FIRST_RESTART_MS;
  let closed = false;
  let lastWard = 0;

  function start(): void {
    // Node's heap is small here: it reads lines, and in the end the process table.
    const args = ['--no-warnings', '--max-old-space-size=64', ownScript(import.meta, 'watch-agent.mts')];
    const started = spawn(process.execPath, args, {
      // The agent's environment may hold secrets; its terminal's signals are not for this one.
      env: { PATH: '/usr/bin:/bin' },
      cwd: '/',
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    });
    child = started;
    const leave = (how: string) => {
      if (child !== started) return;
      child = null;
      if (closed) return;
      restart = setTimeout(() => {
        restart = undefined;
        start();
        warn(`The watchdog of this agent's robots ended (${how}); another was started.`);
      }, restartMs).unref();
      restartMs = Math.min(restartMs * 2, LAST_RESTART_MS);
    };
    started.once('exit', (code, signal) => leave(signal ?? `exit code ${code}`));
    started.once('error', (error) => leave(error.message));
    // A reader that is gone is seen by its exit.
    started.stdin?.on('error', () => undefined);
    started.unref();
    if (started.stdin && 'unref' in started.stdin && typeof started.stdin.unref === 'function')
      started.stdin.unref();
    for (const orders of wards.values()) for (const order of orders.values()) send(order);
  }

  const send = (order: WardOrder) => void child?.stdin?.write(writeOrder(order));

  return {
    expect: (cookie) => {
      lastWard++;
      const ward = lastWard;
      const orders = new Map<WardOrder['kind'], WardOrder>();
      const tell = (order: WardOrder) => {
        if (!wards.has(ward)) return;
        orders.set(order.kind, order);
        send(order);
      };
      wards.set(ward, orders);
      if (child === null && restart === undefined && !closed) start();
      tell({ kind: 'expect', ward, cookie });
      return {
        started: (pid) => tell({ kind: 'started', ward, pid }),
        saw: (members) => {
          const seen = [...members];
          const known = orders.get('saw');
          const isNew = known?.kind !== 'saw' || JSON.stringify(known.seen) !== JSON.stringify(seen);
          if (isNew) tell({ kind: 'saw', ward, seen });
        },
        over: () => {
          tell({ kind: 'over', ward });
          wards.delete(ward);
        },
      };
    },
    close: () => {
      closed = true;
      clearTimeout(restart);
      child?.stdin?.end();
    },
  };
}
