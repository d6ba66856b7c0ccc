import type { StopMessage } from '../shared/stop-message.ts';

/** A terminal and a wrapper may both pass on one Ctrl-C: the same signal again this soon counts once. */
const SAME_SIGNAL_MS = 500;

/** Tells which of the signals that come count, and as the how-manieth: 1, 2, …; null: an echo. */
export function createSignalCounter(now: () => number): (signal: string) => number | null {
  const last = new Map<string, number>();
  let count = 0;
  return (signal) => {
    const before = last.get(signal);
    last.set(signal, now());
    if (before !== undefined && now() - before < SAME_SIGNAL_MS) return null;
    count++;
    return count;
  };
}

export interface StopSignals {
  /** Resolves when this program is asked to stop. */
  readonly first: Promise<void>;
  /** Resolves when it is asked once more, by what is no echo of the first. */
  readonly second: Promise<void>;
  /** Back to what the system does by itself. */
  dispose(): void;
}

/** Listens for what asks a program to stop: Ctrl-C, a service manager, a terminal that closes, who started it. */
export function listenForStop(): StopSignals {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const counter = createSignalCounter(() => performance.now());
  let told = 0;
  const ask = (times: number) => {
    if (times > 0) first.resolve();
    if (times > 1) second.resolve();
  };
  const onSignal = (signal: NodeJS.Signals) => ask(told + (counter(signal) ?? 0));
  const onMessage = (message: unknown) => {
    told = Math.max(told, timesOf(message));
    ask(told);
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, onSignal);
  // Nobody else is on that channel, but it would keep a program alive that has nothing more to do.
  process.on('message', onMessage);
  process.channel?.unref();
  return {
    first: first.promise,
    second: second.promise,
    dispose: () => {
      for (const signal of signals) process.off(signal, onSignal);
      process.off('message', onMessage);
    },
  };
}

/** How often a message asks. */
function timesOf(message: unknown): number {
  switch (message as StopMessage) {
    case 'drain':
      return 1;
    case 'cancel':
      return 2;
    default:
      return 0;
  }
}
