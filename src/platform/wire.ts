import type { PlatformBehaviour } from './behaviour.ts';
import type { Definition, Principal, Process, ProcessItem, Robot, TaskState } from './model.ts';
import type { PlatformState } from './platform-state.ts';

/** Answers as the API has them. R26 renamed fields of R24; the switch `shape` says which are there. */

type State = Pick<PlatformState, 'store' | 'behaviour' | 'tenantId'>;

const value = (data: Record<string, unknown> | null) => (data === null ? {} : { valid: true, value: data });

function named<T>(behaviour: PlatformBehaviour, r24: string, r26: string, content: T): Record<string, T> {
  return {
    ...(behaviour.shape !== 'r26' && { [r24]: content }),
    ...(behaviour.shape !== 'r24' && { [r26]: content }),
  };
}

function summary(definition: Definition | undefined, id: string) {
  return {
    id,
    version: definition?.version ?? id,
    code: definition?.code ?? 'UNKNOWN',
    name: (definition?.name ?? 'Unknown').slice(0, 50),
  };
}

function audited(from: {
  createdBy: string;
  createdAt: string;
  lastModifiedBy: string;
  lastModifiedAt: string;
}) {
  const { createdBy, createdAt, lastModifiedBy, lastModifiedAt } = from;
  return { createdBy, createdAt, lastModifiedBy, lastModifiedAt };
}

/** The lean form of a process in a page. */
export function processInPage(state: State, process: Process) {
  const { id, version, name } = summary(
    state.store.find('definition', process.definitionId),
    process.definitionId,
  );
  return {
    ...audited(process),
    id: process.id,
    state: process.state,
    ...named(state.behaviour, 'processDefinition', 'processDefinitionRef', { id, version, name }),
    // R24 requires `initiator` without defining it: valid answers carry both.
    initiator: { id: process.initiatorId },
    initiatorId: process.initiatorId,
    tenantId: state.tenantId,
  };
}

export function processToWire(state: State, process: Process) {
  return {
    ...processInPage(state, process),
    ...(process.metadata && { metadata: value(process.metadata) }),
    ...(process.entity && { entity: value(process.entity) }),
  };
}

/** The lean form of an item in a page: no data, no logs. */
export function itemInPage(state: State, item: ProcessItem) {
  return {
    ...itemBase(state, item),
    ...(item.task && { task: { state: item.task.state, ...taskDefinition(state, item) } }),
    ...(item.message && { message: messageInPage(item.message) }),
  };
}

export function itemToWire(state: State, item: ProcessItem) {
  return {
    ...itemBase(state, item),
    ...(item.task && {
      task: {
        state: item.task.state,
        ...taskDefinition(state, item),
        ...(item.task.data && { data: value(item.task.data) }),
        logs: state.store.logsOf(item.id),
      },
    }),
    ...(item.message && {
      message: {
        ...messageInPage(item.message),
        ...(item.message.data && { data: value(item.message.data) }),
      },
    }),
  };
}

function messageInPage({ text, definitionCode }: NonNullable<ProcessItem['message']>) {
  return {
    ...(text !== null && { text }),
    ...(definitionCode !== null && { dataStructureDataDefinitionCode: definitionCode }),
  };
}

function itemBase(state: State, item: ProcessItem) {
  return {
    ...audited(item),
    id: item.id,
    type: item.type,
    processId: item.processId,
    ...(item.ownerId !== null && { ownerId: item.ownerId }),
    tenantId: state.tenantId,
    ...(item.task &&
      state.behaviour.shape !== 'r24' && { processItemDefinitionRef: definitionOf(state, item) }),
  };
}

function taskDefinition(state: State, item: ProcessItem) {
  return state.behaviour.shape === 'r26' ? {} : { taskDefinition: definitionOf(state, item) };
}

function definitionOf(state: State, item: ProcessItem) {
  const process = state.store.find('process', item.processId);
  const definition = process && state.store.find('definition', process.definitionId);
  const code = item.task?.definitionCode ?? '';
  const found = definition?.tasks.find((task) => task.code === code);
  return { ...summary(found, found?.id ?? item.processId), code };
}

export function robotInPage(state: State, robot: Robot) {
  return {
    ...audited(robot),
    id: robot.id,
    code: robot.code,
    name: robot.name,
    ...(robot.description !== null && { description: robot.description }),
    tenantId: state.tenantId,
  };
}

export function robotToWire(state: State, robot: Robot) {
  return {
    ...robotInPage(state, robot),
    sourceType: robot.sourceType,
    sourceFile: {
      id: robot.file.id,
      name: robot.file.name,
      contentType: 'application/zip',
      contentLength: robot.file.lengthBytes,
      contentHash: hashToWire(state.behaviour, robot),
    },
    environmentVariables: robot.environmentVariables,
  };
}

function hashToWire({ hashAlgorithm, hashForm }: PlatformBehaviour, robot: Robot): string {
  const hex = robot.file.hashes[hashAlgorithm];
  switch (hashForm) {
    case 'hex':
      return hex;
    case 'base64':
      return Buffer.from(hex, 'hex').toString('base64');
    case 'prefixed':
      return `${hashAlgorithm}:${hex}`;
    case 'unknown':
      return `v2~${hex.slice(0, 21)}`;
  }
}

export function principalToWire(state: State, principal: Principal) {
  const application = { application: { id: principal.id } };
  return {
    id: principal.id,
    type: principal.type === 'APPLICATION' && state.behaviour.shape === 'r26' ? 'API_KEY' : principal.type,
    name: principal.name,
    ...(principal.type === 'USER' && { user: { id: principal.id, email: principal.email ?? '' } }),
    ...(principal.type === 'APPLICATION' && application),
  };
}

/** True when a task of this state still waits for somebody. */
export function isOpen(state: TaskState): boolean {
  return state === 'READY' || state === 'CLAIMED';
}
