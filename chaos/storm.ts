import { setTimeout as delay } from 'node:timers/promises';
import type { FaultKind } from '../test/helpers/fault-proxy.ts';
import type { FaultEvent } from '../test/helpers/fault-proxy-process.ts';
import type { AgentHost } from './agent-host.ts';
import { PERSON } from './fleet.ts';
import { Networks } from './networks.ts';
import type { PlatformHost } from './platform-host.ts';
import { type LivingProcess, livingProcesses } from './processes.ts';
import { Random } from './random.ts';
import { type Disturbance, describeDisturbance, type Hit, type ScheduledDisturbance } from './schedule.ts';

/** What was done, for the figures and for whoever judges. */
export interface StormRecord {
  kills: number;
  /** Of those, at a call that was waited for. */
  trapped: number;
  freezes: number;
  drains: number;
  networkFaults: number;
  platformKills: number;
  /** Tasks that an outsider gave away while they ran. */
  takenAway: Set<string>;
  /** Robots that outlived their agent. */
  survivors: string[];
}

/** A robot whose agent was killed is dead within 1 s; a loaded machine gets another. */
const SURVIVAL_MS = 2000;
/** How long another host may take to have the task of one that is stopped; the first minute it does not try. */
const OVERTAKE_MS = 90_000;
/** For a call that was kept to be answered, and for what its host does about it to be seen. */
const DELIVERY_MS = 300;
const AFTER_OVERTAKE_MS = 4000;

/** Does what the schedule says, and mends everything at its end. */
export class Storm {
  readonly record: StormRecord = {
    kills: 0,
    trapped: 0,
    freezes: 0,
    drains: 0,
    networkFaults: 0,
    platformKills: 0,
    takenAway: new Set(),
    survivors: [],
  };
  readonly #hosts: readonly AgentHost[];
  readonly #platform: PlatformHost;
  readonly #random: Random;
  readonly #say: (line: string) => void;
  /** Hosts that are being overtaken: what else is to happen to them would end it. */
  readonly #leftAlone = new Set<number>();
  readonly #going = new Set<Promise<void>>();
  readonly #over = new AbortController();
  readonly #networks = new Networks((milliseconds) => this.#wait(milliseconds));

  constructor(options: {
    hosts: readonly AgentHost[];
    platform: PlatformHost;
    seed: number;
    say: (line: string) => void;
  }) {
    this.#hosts = options.hosts;
    this.#platform = options.platform;
    this.#random = new Random(`storm ${options.seed}`);
    this.#say = options.say;
  }

  async rage(schedule: readonly ScheduledDisturbance[], lengthMs: number): Promise<void> {
    const startedMs = performance.now();
    const until = (atMs: number) => delay(Math.max(0, startedMs + atMs - performance.now()));
    for (const disturbance of schedule) {
      await until(disturbance.atMs);
      this.#begin(disturbance, disturbance.atMs);
    }
    await until(lengthMs);
  }

  /** Ends all that is wrong: everybody is up and nothing stands between. */
  async mend(): Promise<void> {
    this.#over.abort();
    await Promise.all(this.#going);
    await this.#platform.restart();
    for (const host of this.#hosts) {
      await host.proxy.clear({ cutWaiting: true });
      host.thaw();
      host.start();
    }
  }

  /** Tasks with an entry that came late: the one way to a twin. */
  get deliveredLate(): ReadonlySet<string> {
    return this.#networks.deliveredLate;
  }

  /** What a proxy tells of its faults. */
  hear(host: number, event: FaultEvent): void {
    this.#networks.hear(host, event);
  }

  #begin(disturbance: Disturbance, atMs: number): void {
    const time = `t+${(atMs / 1000).toFixed(1)} s`;
    this.#say(`${time} ${describeDisturbance(disturbance)}`);
    const going: Promise<void> = this.#disturb(disturbance)
      .catch((error: unknown) => String(error))
      .then((why) => {
        if (why !== undefined) this.#say(`  (what was to be done at ${time} was not: ${why})`);
      })
      .finally(() => this.#going.delete(going));
    this.#going.add(going);
  }

  /** Says why nothing was done, or nothing. */
  async #disturb(one: Disturbance): Promise<string | undefined> {
    if (one.what === 'platform-kill') return await this.#killPlatform(one.pauseMs);
    if (one.what === 'notes') return await this.#writeNotes();
    if (one.what === 'take-away') return await this.#takeAway();
    const host = this.#hosts[one.host - 1];
    if (!host?.isUp) return 'it is down';
    if (this.#leftAlone.has(host.number)) return 'it is left alone';
    switch (one.what) {
      case 'kill':
        await this.#kill(host, one.pauseMs);
        return undefined;
      case 'freeze':
        return await this.#freeze(host, one.forMs);
      case 'drain':
        if (host.frozen) return 'it is stopped';
        // A second TERM means something else.
        if (host.isDraining) return 'it drains already';
        this.record.drains++;
        await host.drain();
        await this.#wait(one.pauseMs);
        host.start();
        return undefined;
      case 'network':
        return await this.#network(host, one);
      case 'trap':
        return await this.#trap(host, one);
      case 'overtake':
        return await this.#overtake(host);
    }
  }

  async #kill(host: AgentHost, pauseMs: number): Promise<void> {
    const robots = robotsOf(host);
    await host.kill();
    this.record.kills++;
    const judged = delay(SURVIVAL_MS).then(() => {
      const living = new Map(livingProcesses().map((one) => [`${one.pid}/${one.startedAt}`, one]));
      for (const robot of robots) {
        if (living.has(`${robot.pid}/${robot.startedAt}`))
          this.record.survivors.push(
            `${robot.pid} ${robot.command}, ${SURVIVAL_MS / 1000} s after agent ${host.number} was killed`,
          );
      }
    });
    await this.#wait(pauseMs);
    host.start();
    await judged;
  }

  async #freeze(host: AgentHost, forMs: number): Promise<string | undefined> {
    if (host.frozen) return 'it is stopped already';
    this.record.freezes++;
    host.freeze();
    await this.#wait(forMs);
    host.thaw();
    return undefined;
  }

  async #network(host: AgentHost, one: Disturbance & { what: 'network' }): Promise<string | undefined> {
    const why = await this.#networks.disturb(host, one);
    if (why === undefined) this.record.networkFaults++;
    return why;
  }

  async #trap(host: AgentHost, one: Disturbance & { what: 'trap' }): Promise<string | undefined> {
    // The answer is kept back for as long as it takes to hit; after a kill there is nobody to get it.
    const fault: FaultKind =
      one.phase === 'before' ? { kind: 'hang-before' } : { kind: 'delay-answer', milliseconds: 1000 };
    const phase = one.phase === 'before' ? 'begun' : 'acted';
    return await this.#networks.lieInWait(host, { call: one.call, phase, fault }, async () => {
      const over = this.#hit(host, one.hit);
      await host.proxy.clear({ cutWaiting: one.phase === 'before' });
      return { over };
    });
  }

  async #overtake(host: AgentHost): Promise<string | undefined> {
    const fault: FaultKind = { kind: 'hold' };
    return await this.#networks.lieInWait(host, { call: 'claim', phase: 'begun', fault }, async (taskId) => {
      this.record.freezes++;
      this.#leftAlone.add(host.number);
      host.freeze();
      await host.proxy.clear();
      return { over: this.#untilOvertaken(host, taskId) };
    });
  }

  async #untilOvertaken(host: AgentHost, taskId: string): Promise<void> {
    const giveUpMs = performance.now() + OVERTAKE_MS;
    while (!this.#over.signal.aborted && performance.now() < giveUpMs) {
      await this.#wait(50);
      if (await this.#platform.isTaken(taskId)) break;
    }
    await host.proxy.release();
    await delay(DELIVERY_MS);
    host.thaw();
    await this.#wait(AFTER_OVERTAKE_MS);
    this.#leftAlone.delete(host.number);
  }

  async #hit(host: AgentHost, hit: Hit): Promise<void> {
    this.record.trapped++;
    if (hit.kind === 'kill') await this.#kill(host, hit.pauseMs);
    else await this.#freeze(host, hit.forMs);
  }

  async #killPlatform(pauseMs: number): Promise<string | undefined> {
    if (!this.#platform.isUp) return 'it is down';
    this.record.platformKills++;
    await this.#platform.kill();
    await this.#wait(pauseMs);
    await this.#platform.restart();
    return undefined;
  }

  async #writeNotes(): Promise<undefined> {
    const { ids } = await this.#platform.tasks('READY', 3);
    for (const id of ids) {
      const body = { message: 'A note from outside.', level: 'INFO' };
      const path = `/process-items/${id}/task/~actions/append-log`;
      await this.#platform.fetch(path, { method: 'POST', body }).catch(() => undefined);
    }
  }

  async #takeAway(): Promise<string | undefined> {
    const { ids } = await this.#platform.tasks('CLAIMED', 8);
    const id = ids.length === 0 ? undefined : this.#random.one(ids);
    if (id === undefined) return 'none runs';
    this.record.takenAway.add(id);
    const body = { ownerEmail: PERSON.email };
    await this.#platform.fetch(`/process-items/${id}/task/~actions/assign`, { method: 'POST', body });
    return undefined;
  }

  /** Less when the storm is over. */
  async #wait(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#over.signal }).catch(() => undefined);
  }
}

function robotsOf(host: AgentHost): LivingProcess[] {
  return livingProcesses().filter(({ environment }) => environment.includes(`\0HOME=${host.home}/`));
}
