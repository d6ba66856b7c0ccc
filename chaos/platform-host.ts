import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { PlatformBehaviour } from '../src/platform/behaviour.ts';
import type { Application } from '../src/platform/start-platform.ts';
import { ProcessCalls } from '../test/helpers/process-calls.ts';
import { DEFINITION, fleetSeed } from './fleet.ts';
import type { PlatformAccess, PlatformArguments } from './platform-process.ts';

const SCRIPT = join(import.meta.dirname, 'platform-process.ts');

/** The platform, which dies and comes back on the same port with what it knew. */
export class PlatformHost {
  readonly #arguments: Omit<PlatformArguments, 'port' | 'seed'>;
  #child: ChildProcess | null = null;
  #access: PlatformAccess | null = null;
  /** Ends that nobody asked for. */
  readonly surprises: string[] = [];

  constructor(options: { dataDir: string; behaviour: Partial<PlatformBehaviour>; applications: string[] }) {
    this.#arguments = options;
  }

  get access(): PlatformAccess {
    if (this.#access === null) throw new Error('The platform never started');
    return this.#access;
  }

  get isUp(): boolean {
    return this.#child !== null;
  }

  async start(seed: { dir: string; variables: Record<string, string> }): Promise<void> {
    await this.#fork({ port: 0, seed: { dir: seed.dir, input: fleetSeed(seed.variables) } });
  }

  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (child === null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async restart(): Promise<void> {
    if (this.#child === null) await this.#fork({ port: Number(new URL(this.access.url).port), seed: null });
  }

  /** Calls the API directly, past every fault. @throws when it does not answer 2xx */
  async ask<T>(
    path: string,
    options: { method?: string; body?: unknown; as?: Application } = {},
  ): Promise<T> {
    return (await (await this.fetch(path, options)).json()) as T;
  }

  async fetch(
    path: string,
    { method = 'GET', body, as = this.access.applications[0] }: Parameters<PlatformHost['ask']>[1] = {},
  ): Promise<Response> {
    const response = await fetch(`${this.access.url}/v2024-06-14${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`${as?.clientId}:${as?.clientSecret}`).toString('base64')}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response;
  }

  /** Tasks in these states, at most `limit`; the newest first. */
  async tasks(state: 'READY' | 'CLAIMED', limit: number): Promise<{ total: number; ids: string[] }> {
    const page = await this.ask<{ metadata: { totalElements: number }; content: { id: string }[] }>(
      `/process-items?type=TASK&taskState=${state}&size=${limit}&sort=createdAt,desc`,
    );
    return { total: page.metadata.totalElements, ids: page.content.map(({ id }) => id) };
  }

  /** Whether somebody has the task, as far as the platform can be asked. */
  async isTaken(taskId: string): Promise<boolean> {
    const item = this.ask<{ task: { state: string } }>(`/process-items/${taskId}`);
    return await item.then(
      ({ task }) => task.state !== 'READY',
      () => false,
    );
  }

  /** Makes a task; a second one of the same id is the first. */
  async createTask(task: { id: string; processId: string; code: string }): Promise<void> {
    const body = {
      id: task.id,
      type: 'TASK',
      processId: task.processId,
      task: { taskDefinitionCode: task.code, data: { value: { of: DEFINITION } } },
    };
    await this.fetch('/process-items', { method: 'POST', body });
  }

  async #fork(more: Pick<PlatformArguments, 'port' | 'seed'>): Promise<void> {
    const child = fork(SCRIPT, [JSON.stringify({ ...this.#arguments, ...more })], {
      serialization: 'advanced',
      detached: true,
    });
    this.#child = child;
    child.once('exit', (code, signal) => {
      if (this.#child === child) this.surprises.push(`the platform ended by itself with ${code ?? signal}`);
    });
    this.#access = await new ProcessCalls(child).call<PlatformAccess>('access');
  }
}
