import { ApiError } from './api-error.ts';
import type { AssetProvider } from './asset-provider.ts';
import type { PlatformBehaviour } from './behaviour.ts';
import type { DocumentFiles } from './document-files.ts';
import type { Principal } from './model.ts';
import type { Store } from './store.ts';

/** What every resource works on. */
export interface PlatformState {
  readonly store: Store;
  readonly files: DocumentFiles;
  readonly assets: AssetProvider;
  readonly behaviour: PlatformBehaviour;
  readonly tenantId: string;
  /** Principal of what the platform does by itself. */
  readonly systemId: string;
  readonly now: () => number;
}

/** One request, after authentication and validation. */
export interface Call {
  readonly state: PlatformState;
  readonly principal: Principal;
  readonly sourceAddress: string;
  readonly operationId: string;
  /** Path parameter `id`, where the operation has one. */
  readonly id: string;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
  /** The body as it comes, of operations that take octets. */
  readonly stream: AsyncIterable<Buffer>;
}

/** What an operation answers: JSON, or a file that is streamed. */
export type Answer =
  | { status: number; body: unknown; headers?: Record<string, string> }
  | { status: 200; file: { path: string; lengthBytes: number; etag: string } };

export type Operation = (call: Call) => Answer | Promise<Answer>;

/** @throws ApiError 400 for a tenant that is not this one */
export function checkTenant(state: PlatformState, tenantId: string | undefined): void {
  if (tenantId === undefined || tenantId === state.tenantId) return;
  throw new ApiError(400, `Tenant ${tenantId} not found`, [
    { code: 'NOT_FOUND', message: tenantId, location: 'tenantId', locationType: 'body' },
  ]);
}

/** Creation and modification stamps of a resource. */
export function stamp(call: Call, created?: { createdBy: string; createdAt: string }) {
  const at = new Date(call.state.now()).toISOString();
  return {
    createdBy: created?.createdBy ?? call.principal.id,
    createdAt: created?.createdAt ?? at,
    lastModifiedBy: call.principal.id,
    lastModifiedAt: at,
  };
}

/** Writes to the audit what the platform did by itself. */
export function auditOwn(
  state: PlatformState,
  operation: string,
  resource: string,
  before: unknown,
  after: unknown,
): void {
  const at = new Date(state.now()).toISOString();
  const principalId = state.systemId;
  state.store.audit({ at, principalId, sourceAddress: '', operation, resource, before, after });
}

/** Writes a mutation to the audit: who, from where, what, before and after. */
export function audit(call: Call, resource: string, before: unknown, after: unknown): void {
  call.state.store.audit({
    at: new Date(call.state.now()).toISOString(),
    principalId: call.principal.id,
    sourceAddress: call.sourceAddress,
    operation: call.operationId,
    resource,
    before,
    after,
  });
}
