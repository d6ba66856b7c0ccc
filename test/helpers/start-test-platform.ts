import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { components } from '../../src/agent/kuflow/api.gen.ts';
import type { SeedInput } from '../../src/platform/seed.ts';
import {
  type Application,
  type PlatformOptions,
  type RunningPlatform,
  startPlatform,
} from '../../src/platform/start-platform.ts';

export type Schemas = components['schemas'];

/** An answer; `json` as the caller says it is: the platform's answers are held against the specification. */
export interface Reply<T> {
  status: number;
  headers: Headers;
  json: T;
}

export interface CallOptions {
  headers?: Record<string, string>;
  /** Who asks; the platform's first application when absent, nobody when null. */
  as?: Pick<Application, 'clientId' | 'clientSecret'> | null;
}

export interface TestPlatform extends RunningPlatform {
  /** Where the seed's files lie; gone after close. */
  readonly dir: string;
  /** `path` without the version; a Buffer or string as body is sent as octets, an array as a JSON Patch. */
  api<T = Schemas['DefaultError']>(
    method: string,
    path: string,
    body?: unknown,
    options?: CallOptions,
  ): Promise<Reply<T>>;
  /** An answer whose body is left to the caller. */
  fetch(method: string, path: string, body?: unknown, options?: CallOptions): Promise<Response>;
}

/** A tenant with one robot, two kinds of tasks, one person and one process with a task of each kind. */
export const TEST_SEED = {
  tenant: { name: 'Acme' },
  robots: [
    { code: 'INVOICES', name: 'Invoices', package: 'invoices/', environmentVariables: { VAT_RATE: '21' } },
  ],
  users: [{ name: 'Ana', email: 'ana@acme.example' }],
  processDefinitions: [
    {
      code: 'BILLING',
      name: 'Billing',
      tasks: [
        { code: 'INVOICES', name: 'Check invoices', robot: 'INVOICES', operation: 'Check' },
        { code: 'REMINDERS', name: 'Send reminders' },
      ],
    },
  ],
  processes: [{ definition: 'BILLING', tasks: [{ definition: 'INVOICES' }, { definition: 'REMINDERS' }] }],
} satisfies SeedInput;

/**
 * The embedded platform on a free port, in memory unless told otherwise, with every answer held against the
 * official specification: `close` throws when one was not valid or the platform failed. Seeded with TEST_SEED, unless
 * a seed or a seedDir is given.
 */
export async function startTestPlatform(options: Partial<PlatformOptions> = {}): Promise<TestPlatform> {
  const dir = await mkdtemp(join(tmpdir(), 'kubot-seed-'));
  await mkdir(join(dir, 'invoices'));
  await writeFile(
    join(dir, 'invoices', 'kubot.yaml'),
    'operations:\n  - name: Check\n    shell: node check.js\n',
  );
  await writeFile(join(dir, 'invoices', 'check.js'), "console.log('checked');\n");
  const wrong: unknown[] = [];
  const platform = await startPlatform({
    ...(options.seedDir === undefined && { seedDir: dir, seed: TEST_SEED }),
    assets: { find: async () => null },
    onInvalidAnswer: (operationId, errors) => wrong.push({ operationId, errors }),
    onFault: (error) => wrong.push(error),
    ...options,
  }).catch(async (error: unknown) => {
    await rm(dir, { recursive: true, force: true });
    throw error;
  });
  const send = (method: string, path: string, body?: unknown, { headers, as }: CallOptions = {}) =>
    fetch(`${platform.url}/v2024-06-14${path}`, {
      method,
      headers: { ...(as !== null && { authorization: basic(as ?? platform) }), ...typeOf(body), ...headers },
      ...(body !== undefined && {
        body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
      }),
    });
  return {
    ...platform,
    dir,
    fetch: send,
    api: async <T>(method: string, path: string, body?: unknown, more?: CallOptions) => {
      const response = await send(method, path, body, more);
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        json: (text === '' ? null : JSON.parse(text)) as T,
      };
    },
    close: async () => {
      await platform.close();
      await rm(dir, { recursive: true, force: true });
      if (wrong.length > 0) throw new Error(`The platform failed: ${JSON.stringify(wrong.map(describe))}`);
    },
  };
}

/** The header by which an application signs in. */
export function basic({ clientId, clientSecret }: Pick<Application, 'clientId' | 'clientSecret'>): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`;
}

function typeOf(body: unknown): Record<string, string> {
  if (body === undefined) return {};
  if (typeof body === 'string' || Buffer.isBuffer(body))
    return { 'content-type': 'application/octet-stream' };
  return { 'content-type': Array.isArray(body) ? 'application/json-patch+json' : 'application/json' };
}

function describe(fault: unknown): unknown {
  return fault instanceof Error ? (fault.stack ?? fault.message) : fault;
}
