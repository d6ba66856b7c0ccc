import { randomUUID } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import { linkDocuments } from '../document-links.ts';
import type { JsonObject, Process } from '../model.ts';
import { ofTenant, pageOf } from '../paging.ts';
import { patchJson } from '../patch-json.ts';
import { audit, type Call, type Operation, type PlatformState, stamp } from '../platform-state.ts';
import { isOpen, processInPage, processToWire } from '../wire.ts';
import { principalOf } from './principals.ts';

export const findProcesses: Operation = ({ state, query }) => ({
  status: 200,
  body: pageOf(
    ofTenant(state, query, state.store.all('process')),
    query,
    ['id', 'createdAt', 'lastModifiedAt'],
    (process) => processInPage(state, process),
  ),
});

export const retrieveProcess: Operation = ({ state, id }) => ({
  status: 200,
  body: processToWire(state, processOf(state, id)),
});

interface CreateParams {
  id?: string;
  processDefinitionId: string;
  metadata?: { value: JsonObject };
  initiatorId?: string;
  initiatorEmail?: string;
}

export const createProcess: Operation = (call) => {
  const { state } = call;
  const params = call.body as CreateParams;
  const known = params.id === undefined ? undefined : state.store.find('process', params.id);
  if (known) return { status: 200, body: processToWire(state, known) };
  const definition = state.store.find('definition', params.processDefinitionId);
  if (!definition) {
    throw new ApiError(400, 'Process definition not found', [
      {
        code: 'NOT_FOUND',
        message: params.processDefinitionId,
        location: 'processDefinitionId',
        locationType: 'body',
      },
    ]);
  }
  const named = params.initiatorId ?? params.initiatorEmail;
  const initiator =
    named === undefined ? call.principal : principalOf(state, params.initiatorId, params.initiatorEmail);
  const process: Process = {
    ...stamp(call),
    id: params.id ?? randomUUID(),
    state: 'RUNNING',
    definitionId: definition.id,
    initiatorId: initiator.id,
    metadata: params.metadata?.value ?? null,
    entity: null,
  };
  save(call, null, process);
  return { status: 201, body: processToWire(state, process) };
};

export const completeProcess: Operation = (call) => end(call, 'COMPLETED');
export const cancelProcess: Operation = (call) => end(call, 'CANCELLED');

export const changeProcessInitiator: Operation = (call) => {
  const params = call.body as { initiatorId?: string; initiatorEmail?: string };
  const initiator = principalOf(call.state, params.initiatorId, params.initiatorEmail);
  return change(call, () => ({ initiatorId: initiator.id }));
};

export const updateProcessMetadata: Operation = (call) =>
  change(call, () => ({ metadata: (call.body as { metadata: { value: JsonObject } }).metadata.value }));

export const patchProcessMetadata: Operation = (call) =>
  change(call, (process) => ({ metadata: patchJson(process.metadata, call.body) }));

export const updateProcessEntity: Operation = (call) =>
  change(call, () => ({ entity: (call.body as { entity: { value: JsonObject } }).entity.value }));

export const patchProcessEntity: Operation = (call) =>
  change(call, (process) => ({ entity: patchJson(process.entity, call.body) }));

/** @throws ApiError 404 */
export function processOf(state: PlatformState, id: string): Process {
  const process = state.store.find('process', id);
  if (!process) throw new ApiError(404, `Process ${id} not found`);
  return process;
}

function end(call: Call, to: 'COMPLETED' | 'CANCELLED') {
  const { state } = call;
  const process = processOf(state, call.id);
  if (process.state === to) return { status: 200, body: processToWire(state, process) };
  if (process.state !== 'RUNNING') throw new ApiError(409, `Process ${call.id} is ${process.state}`);
  if (to === 'CANCELLED' || state.behaviour.completeCancelsItems) cancelItems(call);
  return change(call, () => ({ state: to }));
}

function cancelItems(call: Call): void {
  const { store, now } = call.state;
  for (const item of store.all('item')) {
    if (item.processId !== call.id || !item.task || !isOpen(item.task.state)) continue;
    const cancelled = {
      ...item,
      ...stamp(call, item),
      task: { ...item.task, state: 'CANCELLED' as const },
      cancelledAt: new Date(now()).toISOString(),
    };
    store.save('item', cancelled);
    audit(call, `item/${item.id}`, { state: item.task.state }, { state: 'CANCELLED' });
  }
}

function change(call: Call, changes: (process: Process) => Partial<Process>) {
  const before = processOf(call.state, call.id);
  const after = { ...before, ...stamp(call, before), ...changes(before) };
  save(call, before, after);
  return { status: 200, body: processToWire(call.state, after) };
}

function save(call: Call, before: Process | null, after: Process): void {
  call.state.store.save('process', after);
  linkDocuments(call.state, after.id, [after.metadata, after.entity]);
  audit(call, `process/${after.id}`, before, after);
}
