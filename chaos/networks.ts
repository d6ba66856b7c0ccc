import type { FaultKind } from '../test/helpers/fault-proxy.ts';
import type { FaultEvent, FaultProxyProcess } from '../test/helpers/fault-proxy-process.ts';
import type { AgentHost } from './agent-host.ts';
import { type NetworkFault, WATCHED_CALLS, type WatchedCall } from './schedule.ts';

export interface Trap {
  call: WatchedCall;
  phase: FaultEvent['phase'];
  /** What happens to the call itself. */
  fault: FaultKind;
}

/** A trap that nothing walks into. */
const TRAP_MS = 6000;
const BUSY = 'its network is disturbed already';

/** What stands between the agents and the platform: one thing at a time for each. */
export class Networks {
  /** Tasks with an entry that came late: the one way to a twin. */
  readonly deliveredLate = new Set<string>();
  readonly #busy = new Set<number>();
  /** By host: what waits for a call of its. */
  readonly #traps = new Map<number, { phase: FaultEvent['phase']; spring: (taskId: string) => void }>();
  readonly #wait: (milliseconds: number) => Promise<void>;

  /** @param wait less when the storm is over */
  constructor(wait: (milliseconds: number) => Promise<void>) {
    this.#wait = wait;
  }

  /** What a proxy tells of its faults. */
  hear(host: number, { name, phase, path }: FaultEvent): void {
    const taskId = /process-items\/([^/]+)/.exec(path)?.[1] ?? '';
    if (name === 'late') this.deliveredLate.add(taskId);
    const trap = this.#traps.get(host);
    if (name === 'trap' && trap?.phase === phase) trap.spring(taskId);
  }

  /** Says why nothing was done, or nothing. */
  async disturb(
    { number, proxy }: AgentHost,
    { fault, forMs, cutWaiting }: { fault: NetworkFault; forMs: number; cutWaiting: boolean },
  ): Promise<string | undefined> {
    if (this.#busy.has(number)) return BUSY;
    this.#busy.add(number);
    try {
      const begin = fault.kind === 'refuse' ? proxy.down() : addRule(proxy, fault);
      await begin;
      await this.#wait(forMs);
      await (fault.kind === 'refuse' ? proxy.up() : proxy.clear({ cutWaiting }));
    } finally {
      this.#busy.delete(number);
    }
    return undefined;
  }

  /** Hits the host when it makes this call. What the hit does to its network is over when `hit` resolves. */
  async lieInWait(
    host: AgentHost,
    trap: Trap,
    hit: (taskId: string) => Promise<{ over: Promise<void> }>,
  ): Promise<string | undefined> {
    const { number, proxy } = host;
    if (this.#busy.has(number)) return BUSY;
    this.#busy.add(number);
    const sprung = new Promise<string>((resolve) => {
      this.#traps.set(number, { phase: trap.phase, spring: resolve });
    });
    let over: Promise<void> | undefined;
    try {
      await proxy.add({ ...WATCHED_CALLS[trap.call], fault: trap.fault, times: 1, name: 'trap' });
      const taskId = await Promise.race([sprung, this.#wait(TRAP_MS)]);
      if (taskId !== undefined && host.isUp) ({ over } = await hit(taskId));
    } finally {
      if (over === undefined) {
        await proxy.release();
        await proxy.clear({ cutWaiting: true });
      }
      this.#traps.delete(number);
      this.#busy.delete(number);
    }
    await over;
    return over === undefined ? 'nothing came' : undefined;
  }
}

function addRule(proxy: FaultProxyProcess, rule: NetworkFault & { kind: 'requests' }): Promise<void> {
  const { fault, every, call } = rule;
  const name = fault.kind === 'deliver-late' ? 'late' : 'network';
  return proxy.add({ fault, ...(call && WATCHED_CALLS[call]), every, name });
}
