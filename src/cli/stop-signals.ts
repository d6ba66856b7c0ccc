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
  /** Resolves at the first signal that asks to stop. */
  readonly first: Promise<void>;
  /** Resolves at a second one that is not an echo of the first. */
  readonly second: Promise<void>;
  /** Back to what the system does by itself. */
  dispose(): void;
}

/** Listens for what asks a program to stop: Ctrl-C, a service manager, a terminal that closes. */
export function listenForStop(): StopSignals {
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  const counter = createSignalCounter(() => performance.now());
  const listener = (signal: NodeJS.Signals) => {
    const nth = counter(signal);
    if (nth === 1) first.resolve();
    else if (nth !== null) second.resolve();
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, listener);
  return {
    first: first.promise,
    second: second.promise,
    dispose: () => {
      for (const signal of signals) process.off(signal, listener);
    },
  };
}
