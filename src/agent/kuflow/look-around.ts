import { z } from 'zod';
import { isAgentError } from '../../shared/errors.ts';
import type { CallInit, Send, Transport } from './transport.ts';

export interface Tenant {
  readonly id: string;
  /** null where the platform tells none. */
  readonly name: string | null;
}

/** Of one that can be chosen among, so many are enough. */
const MOST_TENANTS = 200;

const TenantSchema = z
  .object({ id: z.string().min(1), name: z.string().nullish() })
  .transform(({ id, name }): Tenant => ({ id, name: name ?? null }));
const TenantPageSchema = z
  .object({ content: z.array(z.unknown()) })
  .transform(({ content }) => content.flatMap((tenant) => TenantSchema.safeParse(tenant).data ?? []));

/**
 * The tenants that the credentials see; null where the platform does not tell: R24 has no such call.
 * @throws AgentError as Transport does when the platform cannot be reached
 */
export async function findTenants(
  transport: Transport,
  endpoint: string,
  signal?: AbortSignal,
): Promise<Tenant[] | null> {
  const send = plainly(`${endpoint}/tenants?page=0&size=${MOST_TENANTS}`, { method: 'GET' });
  try {
    return (await transport.json('findTenants', TenantPageSchema, send, signal)).value;
  } catch (error) {
    if (statusOf(error) !== null || codeOf(error) === 'PLATFORM_ERROR') return null;
    throw error;
  }
}

/**
 * Whether the platform says that the credentials may not register a worker. It is asked to register one that lacks
 * everything: who may is answered 400, and nothing is made.
 * @throws AgentError PLATFORM_REFUSED, UNAUTHORIZED where they may not; as Transport does when it cannot be reached
 */
export async function assertMayRegister(
  transport: Transport,
  endpoint: string,
  signal?: AbortSignal,
): Promise<void> {
  const send = plainly(`${endpoint}/workers`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  try {
    await transport.json('createWorker', z.unknown(), send, signal);
  } catch (error) {
    const status = statusOf(error);
    if (status === 401 || status === 403 || status === null) throw error;
  }
}

/** A call that the generated client does not know, or not in this way. */
function plainly(
  url: string,
  request: { method: string; headers?: Record<string, string>; body?: string },
): Send {
  return async (_api, { fetch, headers, signal, redirect }: CallInit) => ({
    response: await fetch(
      new Request(url, { ...request, headers: { ...headers, ...request.headers }, signal, redirect }),
    ),
  });
}

function codeOf(error: unknown): string | null {
  return isAgentError(error) ? error.code : null;
}

/** What was answered; null: no status. */
function statusOf(error: unknown): number | null {
  const status = isAgentError(error) ? error.details?.status : undefined;
  return typeof status === 'number' ? status : null;
}
