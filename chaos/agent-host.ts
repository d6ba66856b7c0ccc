import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Application } from '../src/platform/start-platform.ts';
import type { FaultProxyProcess } from '../test/helpers/fault-proxy-process.ts';
import type { Stage } from './stage.ts';

export interface AgentHostOptions {
  number: number;
  stage: Stage;
  /** src/cli/main.ts of the product, or of a mutant of it. */
  program: string;
  proxy: FaultProxyProcess;
  application: Application;
  tenantId: string;
  settings: Record<string, unknown>;
}

export interface AgentEnd {
  atMs: number;
  /** What we did to it; null: it ended by itself. */
  by: 'SIGKILL' | 'SIGTERM' | null;
  code: number | null;
  signal: string | null;
}

/** An agent that drains has so long to tell a platform that may be away. */
const DRAIN_MS = 25_000;

/** One agent with a home of its own: what can be killed, stopped, drained and started again. */
export class AgentHost {
  readonly home: string;
  readonly stderrPath: string;
  readonly ends: AgentEnd[] = [];
  readonly #options: AgentHostOptions;
  readonly #env: Record<string, string>;
  #child: ChildProcess | null = null;
  #by: AgentEnd['by'] = null;
  frozen = false;

  constructor(options: AgentHostOptions) {
    this.#options = options;
    const { stage, number, proxy, application, tenantId, settings } = options;
    const dir = stage.folder(`agent ${number}`);
    this.home = join(dir, 'home');
    this.stderrPath = join(dir, 'stderr.txt');
    mkdirSync(this.home, { mode: 0o700 });
    writeFileSync(join(this.home, 'settings.json'), JSON.stringify(settings));
    const secretPath = join(dir, 'secret');
    writeFileSync(secretPath, application.clientSecret, { mode: 0o600 });
    this.#env = {
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      HOME: dir,
      TMPDIR: stage.folder(`agent ${number}/tmp`),
      CHAOS_ID: stage.id,
      KUBOT_API_ENDPOINT: proxy.url,
      KUBOT_CLIENT_ID: application.clientId,
      KUBOT_CLIENT_SECRET_FILE: secretPath,
      KUBOT_TENANT_ID: tenantId,
    };
  }

  get number(): number {
    return this.#options.number;
  }

  get proxy(): FaultProxyProcess {
    return this.#options.proxy;
  }

  get principalId(): string {
    return this.#options.application.principalId;
  }

  get isUp(): boolean {
    return this.#child !== null;
  }

  start(): void {
    if (this.#child !== null) return;
    const stderr = openSync(this.stderrPath, 'a', 0o600);
    const { stage, program } = this.#options;
    const child = stage.spawn(process.execPath, [program, 'agent', '--json', '--home', this.home], {
      env: this.#env,
      stdio: ['ignore', 'ignore', stderr],
    });
    closeSync(stderr);
    this.#child = child;
    this.#by = null;
    this.frozen = false;
    child.once('exit', (code, signal) => {
      this.ends.push({ atMs: Date.now(), by: this.#by, code, signal });
      if (this.#child === child) this.#child = null;
    });
  }

  /** Ends it as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === null) return;
    this.#by = 'SIGKILL';
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  freeze(): void {
    this.frozen = this.#child?.kill('SIGSTOP') ?? false;
  }

  thaw(): void {
    this.frozen = false;
    this.#child?.kill('SIGCONT');
  }

  /** It was sent TERM and has not ended yet. */
  get isDraining(): boolean {
    return this.#child !== null && this.#by === 'SIGTERM';
  }

  /** Lets it drain; kills it when that takes too long. False when it had to be killed. */
  async drain(): Promise<boolean> {
    const child = this.#child;
    if (child === null) return true;
    this.thaw();
    this.#by ??= 'SIGTERM';
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const drained = await Promise.race([ended.then(() => true), delay(DRAIN_MS, false, { ref: false })]);
    if (!drained) await this.kill();
    return drained;
  }
}
