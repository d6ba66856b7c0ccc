import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../model.ts';
import { audit, checkTenant, type Operation, stamp } from '../platform-state.ts';

/** Registers a worker: 201 the first time, 200 when one of the same identity is there. */
export const createWorker: Operation = (call) => {
  const { store, behaviour } = call.state;
  const body = call.body as JsonObject & { identity: string; tenantId?: string };
  checkTenant(call.state, body.tenantId);
  const known = store.all('worker').find((worker) => worker.identity === body.identity);
  const worker = {
    ...stamp(call, known),
    id: known?.id ?? randomUUID(),
    identity: body.identity,
    document: { ...body, tenantId: call.state.tenantId },
  };
  store.save('worker', worker);
  audit(call, `worker/${worker.id}`, known?.document ?? null, worker.document);
  const { document, ...base } = worker;
  return {
    status: known ? 200 : 201,
    body: { ...base, ...document },
    ...(behaviour.delayWindowSeconds !== null && {
      headers: { 'X-KF-DELAY-WINDOW': String(behaviour.delayWindowSeconds) },
    }),
  };
};
