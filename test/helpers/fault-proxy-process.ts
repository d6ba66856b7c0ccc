import { fork } from 'node:child_process';
import { join } from 'node:path';
import type { FaultKind } from './fault-proxy.ts';
import { ProcessCalls } from './process-calls.ts';

const SERVE = join(import.meta.dirname, '..', 'fixtures', 'fault-proxy', 'serve.ts');

/** A fault of FaultProxy in words that cross to another process. What is absent matches everything. */
export interface FaultRule {
  fault: FaultKind;
  /** Told with what befalls; several rules may share one. */
  name: string;
  method?: string;
  path?: RegExp;
  /** Of JSON bodies. */
  body?: RegExp;
  /** Only every so manieth request that matches. */
  every?: number;
  /** How many requests it befalls; any number unless given. */
  times?: number;
}

export interface FaultEvent {
  name: string;
  phase: 'begun' | 'acted';
  method: string;
  path: string;
}

/** FaultProxy as a process of its own: it goes on whatever becomes of the platform and of the agent. */
export interface FaultProxyProcess {
  /** Stands for the target's URL. */
  readonly url: string;
  add(rule: FaultRule): Promise<void>;
  /** Ends all faults; with `cutWaiting` those who wait for an answer are cut off too. */
  clear(options?: { cutWaiting: boolean }): Promise<void>;
  /** Cuts off those who wait for an answer, as if the connection broke. */
  cutWaiting(): Promise<void>;
  /** Delivers the requests that are held. */
  release(): Promise<void>;
  down(): Promise<void>;
  up(): Promise<void>;
  /** How many requests came, and how many of them met a fault. */
  counts(): Promise<{ requests: number; faults: number }>;
  close(): Promise<void>;
}

/** @param target a URL without the version path */
export async function startFaultProxyProcess(options: {
  target: string;
  onFault?: (event: FaultEvent) => void;
}): Promise<FaultProxyProcess> {
  const child = fork(SERVE, [options.target], { serialization: 'advanced', detached: true });
  const calls = new ProcessCalls(child, options.onFault);
  const url = await calls.call<string>('url');
  return {
    url,
    add: (rule) => calls.call('add', rule),
    clear: (how = { cutWaiting: false }) => calls.call('clear', how),
    cutWaiting: () => calls.call('cutWaiting'),
    release: () => calls.call('release'),
    down: () => calls.call('down'),
    up: () => calls.call('up'),
    counts: () => calls.call('counts'),
    close: () => calls.close(),
  };
}
