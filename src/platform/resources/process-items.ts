import { randomUUID } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import { linkDocuments } from '../document-links.ts';
import type { JsonObject, LogEntry, ProcessItem } from '../model.ts';
import { pageOf } from '../paging.ts';
import { patchJson } from '../patch-json.ts';
import { audit, type Call, type Operation, type PlatformState, stamp } from '../platform-state.ts';
import { isOpen, itemInPage, itemToWire } from '../wire.ts';
import { principalOf } from './principals.ts';
import { processOf } from './processes.ts';

type Task = NonNullable<ProcessItem['task']>;
interface TaskItem extends ProcessItem {
  task: Task;
}

const SORTABLE = ['id', 'createdAt', 'lastModifiedAt', 'claimedAt', 'completedAt', 'cancelledAt'] as const;

export const findProcessItems: Operation = ({ state, query }) => {
  const passes = (name: string, value: string | undefined) => {
    const wanted = query[name];
    return !Array.isArray(wanted) || (value !== undefined && wanted.includes(value));
  };
  const items = state.store
    .all('item')
    .filter(
      (item) =>
        passes('processId', item.processId) &&
        passes('type', item.type) &&
        passes('taskState', item.task?.state) &&
        passes('taskDefinitionCode', item.task?.definitionCode) &&
        passes('tenantId', state.tenantId),
    );
  return { status: 200, body: pageOf(items, query, SORTABLE, (item) => itemInPage(state, item)) };
};

export const retrieveProcessItem: Operation = ({ state, id }) => ({
  status: 200,
  body: itemToWire(state, itemOf(state, id)),
});

interface CreateParams {
  id?: string;
  type: 'TASK' | 'MESSAGE';
  processId: string;
  ownerId?: string;
  ownerEmail?: string;
  task?: { taskDefinitionCode: string; data?: { value: JsonObject } };
  message?: { text?: string; data?: { value: JsonObject }; dataStructureDataDefinitionCode?: string };
}

export const createProcessItem: Operation = (call) => {
  const { state } = call;
  const params = call.body as CreateParams;
  const known = params.id === undefined ? undefined : state.store.find('item', params.id);
  if (known) return { status: 200, body: itemToWire(state, known) };
  const process = processOf(state, params.processId);
  if (process.state !== 'RUNNING') throw new ApiError(409, `Process ${process.id} is ${process.state}`);
  const named = params.ownerId ?? params.ownerEmail;
  const owner = named === undefined ? null : principalOf(state, params.ownerId, params.ownerEmail);
  const stamped = stamp(call);
  const claimed = owner !== null && state.behaviour.ownedTaskStartsAs === 'CLAIMED';
  const item: ProcessItem = {
    ...stamped,
    id: params.id ?? randomUUID(),
    type: params.type,
    processId: params.processId,
    ownerId: owner?.id ?? null,
    task: params.type === 'TASK' ? newTask(call, params, claimed) : null,
    message:
      params.type === 'MESSAGE'
        ? {
            text: params.message?.text ?? null,
            data: params.message?.data?.value ?? null,
            definitionCode: params.message?.dataStructureDataDefinitionCode ?? null,
          }
        : null,
    claimedAt: claimed ? stamped.createdAt : null,
    completedAt: null,
    cancelledAt: null,
  };
  save(call, null, item);
  return { status: 201, body: itemToWire(state, item) };
};

export const claimProcessItemTask: Operation = (call) => {
  const { state, principal } = call;
  const item = taskOf(state, call.id);
  const ours = item.ownerId === principal.id;
  if (item.task.state === 'CLAIMED' && ours && state.behaviour.secondClaim === 200) return answer(call, item);
  if (item.task.state !== 'READY') {
    throw new ApiError(409, `Task ${call.id} is ${item.task.state}`, [
      { code: 'TASK_NOT_READY', message: item.task.state, location: 'state', locationType: 'path' },
    ]);
  }
  return moveTo(call, item, 'CLAIMED', { ownerId: principal.id, claimedAt: timeOf(call) });
};

export const assignProcessItemTask: Operation = (call) => {
  const params = call.body as { ownerId?: string; ownerEmail?: string };
  const item = taskOf(call.state, call.id);
  if (!isOpen(item.task.state)) throw new ApiError(409, `Task ${call.id} is ${item.task.state}`);
  const owner = principalOf(call.state, params.ownerId, params.ownerEmail);
  return moveTo(call, item, 'CLAIMED', { ownerId: owner.id, claimedAt: timeOf(call) });
};

export const completeProcessItemTask: Operation = (call) => {
  const item = taskOf(call.state, call.id);
  const ours = item.ownerId === call.principal.id;
  if (item.task.state === 'COMPLETED' && ours && call.state.behaviour.secondComplete === 200)
    return answer(call, item);
  if (item.task.state !== 'CLAIMED') throw new ApiError(409, `Task ${call.id} is ${item.task.state}`);
  if (!ours) throw new ApiError(403, `Task ${call.id} is claimed by another principal`);
  return moveTo(call, item, 'COMPLETED', { completedAt: timeOf(call) });
};

export const appendProcessItemTaskLog: Operation = (call) => {
  const { state } = call;
  const { message, level } = call.body as Pick<LogEntry, 'message' | 'level'>;
  const item = taskOf(state, call.id);
  const { appendOnReady, appendOnEnded, logBound } = state.behaviour;
  const taken =
    item.task.state === 'CLAIMED' || (item.task.state === 'READY' ? appendOnReady : appendOnEnded);
  if (!taken) throw new ApiError(409, `Task ${call.id} is ${item.task.state}: it takes no log entries`);
  const entry: LogEntry = { id: randomUUID(), timestamp: timeOf(call), message, level };
  state.store.addLog(item.id, entry, logBound);
  audit(call, `item/${item.id}`, null, { entry, state: item.task.state });
  return answer(call, item);
};

export const updateProcessItemTaskData: Operation = (call) =>
  changeData(call, () => (call.body as { data: { value: JsonObject } }).data.value);

export const patchProcessItemTaskData: Operation = (call) =>
  changeData(call, (task) => patchJson(task.data, call.body));

function newTask(call: Call, params: CreateParams, claimed: boolean): Task {
  const { task } = params;
  if (!task) throw new ApiError(400, 'A task needs its definition code');
  const process = processOf(call.state, params.processId);
  const definition = call.state.store.find('definition', process.definitionId);
  if (!definition?.tasks.some((one) => one.code === task.taskDefinitionCode)) {
    throw new ApiError(400, `Task definition ${task.taskDefinitionCode} not found in the process`, [
      {
        code: 'NOT_FOUND',
        message: task.taskDefinitionCode,
        location: 'task.taskDefinitionCode',
        locationType: 'body',
      },
    ]);
  }
  return {
    state: claimed ? 'CLAIMED' : 'READY',
    definitionCode: task.taskDefinitionCode,
    data: task.data?.value ?? null,
  };
}

function itemOf(state: PlatformState, id: string): ProcessItem {
  const item = state.store.find('item', id);
  if (!item) throw new ApiError(404, `Process item ${id} not found`);
  return item;
}

function taskOf(state: PlatformState, id: string): TaskItem {
  const item = itemOf(state, id);
  if (!item.task) throw new ApiError(409, `Process item ${id} is no task`);
  return { ...item, task: item.task };
}

function moveTo(call: Call, item: TaskItem, to: Task['state'], changes: Partial<ProcessItem>) {
  const after = { ...item, ...stamp(call, item), ...changes, task: { ...item.task, state: to } };
  call.state.store.save('item', after);
  audit(
    call,
    `item/${item.id}`,
    { state: item.task.state, ownerId: item.ownerId },
    { state: to, ownerId: after.ownerId },
  );
  return answer(call, after);
}

function changeData(call: Call, data: (task: Task) => JsonObject) {
  const item = taskOf(call.state, call.id);
  if (!isOpen(item.task.state)) throw new ApiError(409, `Task ${call.id} is ${item.task.state}`);
  const after = { ...item, ...stamp(call, item), task: { ...item.task, data: data(item.task) } };
  save(call, item, after);
  return answer(call, after);
}

function save(call: Call, before: ProcessItem | null, after: ProcessItem): void {
  call.state.store.save('item', after);
  linkDocuments(call.state, after.processId, [after.task?.data, after.message?.data]);
  audit(call, `item/${after.id}`, before, after);
}

function answer(call: Call, item: ProcessItem) {
  return { status: 200, body: itemToWire(call.state, item) };
}

function timeOf(call: Call): string {
  return new Date(call.state.now()).toISOString();
}
