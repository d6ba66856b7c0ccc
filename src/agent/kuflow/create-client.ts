import { openAsBlob } from 'node:fs';
import { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import { compileEndpoint } from '../config/endpoint.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import type { OpenDownload } from '../packages/download.ts';
import type { components } from './api.gen.ts';
import { type ApiCredentials, type Authorization, fixedAuthorization } from './authorization.ts';
import { type Connection, ConnectionTracker } from './connection.ts';
import { TaskFinder, type TaskQuery } from './find-tasks.ts';
import { assertMayRegister, findTenants, type Tenant } from './look-around.ts';
import { type Sleep, sleepFor } from './retry.ts';
import { type Robot, RobotPageSchema, RobotSchema, type RobotSummary } from './robot.ts';
import { type Task, type TaskLogLevel, TaskSchema, type TaskSummary } from './task.ts';
import { type Send, Transport } from './transport.ts';

type Schemas = components['schemas'];

export type WorkerParams = Schemas['WorkerCreateParams'];
export type JsonPatch = Schemas['JsonPatchOperation'][];
export type TaskOwner = { ownerId: string } | { ownerEmail: string };

export interface RegisteredWorker {
  /** null where the platform tells none. */
  workerId: string | null;
  /** Our principal; null where the platform does not tell. */
  lastModifiedBy: string | null;
  /** How long until the platform wants to hear of us again; null: it does not say. */
  delayWindowMs: number | null;
}

export interface AssetQuery {
  robotId: string;
  type: Schemas['RobotAssetType'];
  version: string;
  platform: Schemas['RobotAssetPlatform'];
  architecture: Schemas['RobotAssetArchitecture'];
}

export interface KuFlowClientOptions {
  /** With or without the version path. */
  endpoint: string;
  credentials: ApiCredentials | Authorization;
  log: AgentLog;
  onConnection?: (connection: Connection) => void;
  fetch?: (request: Request) => Promise<Response>;
  now?: () => number;
  monotonic?: () => number;
  sleep?: Sleep;
  random?: () => number;
  /** Limits each attempt to this; for tests. */
  timeoutMs?: number;
}

interface Options {
  signal?: AbortSignal | undefined;
}

/** The KuFlow API as the agent uses it. Every method throws AgentError as Transport says. */
export type KuFlowClient = ReturnType<typeof createKuFlowClient>;

const ROBOTS_PAGE_SIZE = 200;
const MOST_ROBOT_PAGES = 100;

const WorkerSchema = z.object({ id: z.string().nullish(), lastModifiedBy: z.string().nullish() });
const DocumentSchema = z.object({ documentUri: z.string().min(1) });

/** @throws AgentError CONFIG_INVALID when the endpoint is no URL, or plain http to another machine */
export function createKuFlowClient(options: KuFlowClientOptions) {
  const { credentials, log, onConnection, now = Date.now, timeoutMs } = options;
  const endpoint = compileEndpoint(options.endpoint, 'the settings');
  const connection = new ConnectionTracker({
    endpoint,
    now,
    onChange: (changed) => onConnection?.(changed),
  });
  const transport = new Transport({
    endpoint,
    authorization: 'header' in credentials ? credentials : fixedAuthorization(() => credentials),
    connection,
    fetch: options.fetch ?? ((request) => fetch(request)),
    now,
    monotonic: options.monotonic ?? (() => performance.now()),
    sleep: options.sleep ?? sleepFor,
    random: options.random ?? Math.random,
    log,
    timeoutMs,
  });
  const finder = new TaskFinder(transport);

  const task = async (
    operationId: Parameters<Transport['json']>[0],
    send: Send,
    signal: AbortSignal | undefined,
  ): Promise<Task> => {
    const { value, headers } = await transport.json(operationId, TaskSchema, send, signal);
    return { ...value, serverTimeMs: parseDate(headers.get('date')) };
  };
  const byId = (id: string) => ({ path: { id } });

  return {
    /** With the version path. */
    endpoint,

    connection: (): Connection => connection.connection,

    /** A loop tells when it tries again, for whoever asks why nothing happens. */
    noteNextTry: (atMs: number): void => connection.noteNextTry(atMs),

    async registerWorker(worker: WorkerParams, { signal }: Options = {}): Promise<RegisteredWorker> {
      const { value, headers } = await transport.json(
        'createWorker',
        WorkerSchema,
        (api, init) => api.POST('/workers', { ...init, body: worker }),
        signal,
      );
      return {
        workerId: value.id ?? null,
        lastModifiedBy: value.lastModifiedBy ?? null,
        delayWindowMs: parseWindow(headers.get('x-kf-delay-window')),
      };
    },

    /** Rejects where the platform says that these credentials may not; registers nothing. */
    assertMayRegister: ({ signal }: Options = {}): Promise<void> =>
      assertMayRegister(transport, endpoint, signal),

    /** The tenants that the credentials see; null where the platform does not tell. */
    findTenants: ({ signal }: Options = {}): Promise<Tenant[] | null> =>
      findTenants(transport, endpoint, signal),

    /** All robots of the context that the credentials see. */
    async findRobots(
      query: { context: 'READY' | 'DEFAULT'; tenantId?: string | null } & Options,
    ): Promise<RobotSummary[]> {
      const found = new Map<string, RobotSummary>();
      for (let page = 0; page < MOST_ROBOT_PAGES; page++) {
        const params = {
          query: {
            filterContext: query.context,
            page,
            size: ROBOTS_PAGE_SIZE,
            sort: ['createdAt,asc'],
            ...(query.tenantId && { tenantId: [query.tenantId] }),
          },
        };
        const { value } = await transport.json(
          'findRobots',
          RobotPageSchema,
          (api, init) => api.GET('/robots', { ...init, params }),
          query.signal,
        );
        for (const robot of value.robots) found.set(robot.id, robot);
        if (value.items === 0 || page + 1 >= value.totalPages) break;
      }
      return [...found.values()];
    },

    async retrieveRobot(robotId: string, { signal }: Options = {}): Promise<Robot> {
      const { value } = await transport.json(
        'retrieveRobot',
        RobotSchema,
        (api, init) => api.GET('/robots/{id}', { ...init, params: byId(robotId) }),
        signal,
      );
      return value;
    },

    /** The robot's package; what fails is told by PLATFORM_REFUSED with details.status. */
    openRobotSource:
      (robotId: string): OpenDownload =>
      (request) =>
        transport.download(
          'downloadRobotSourceCode',
          (api, init) =>
            api.GET('/robots/{id}/~actions/download-source-code', { ...init, params: byId(robotId) }),
          request,
        ),

    /** A runtime; one that the platform has not is PLATFORM_REFUSED with details.status 404. */
    openRobotAsset:
      ({ robotId, ...query }: AssetQuery): OpenDownload =>
      (request) =>
        transport.download(
          'downloadRobotAsset',
          (api, init) =>
            api.GET('/robots/{id}/~actions/download-asset', {
              ...init,
              params: { ...byId(robotId), query },
            }),
          request,
        ),

    findTasks: (query: TaskQuery): Promise<TaskSummary[]> => finder.find(query),

    retrieveTask: (taskId: string, { signal }: Options = {}): Promise<Task> =>
      task(
        'retrieveProcessItem',
        (api, init) => api.GET('/process-items/{id}', { ...init, params: byId(taskId) }),
        signal,
      ),

    /** Not repeated when its outcome is unknown (isOutcomeUnknown): look the task up first. */
    claimTask: (taskId: string, { signal }: Options = {}): Promise<Task> =>
      task(
        'claimProcessItemTask',
        (api, init) => api.POST('/process-items/{id}/task/~actions/claim', { ...init, params: byId(taskId) }),
        signal,
      ),

    completeTask: (taskId: string, { signal }: Options = {}): Promise<Task> =>
      task(
        'completeProcessItemTask',
        (api, init) =>
          api.POST('/process-items/{id}/task/~actions/complete', { ...init, params: byId(taskId) }),
        signal,
      ),

    assignTask: (taskId: string, owner: TaskOwner, { signal }: Options = {}): Promise<Task> =>
      task(
        'assignProcessItemTask',
        (api, init) =>
          api.POST('/process-items/{id}/task/~actions/assign', {
            ...init,
            params: byId(taskId),
            body: owner,
          }),
        signal,
      ),

    /** Not repeated when its outcome is unknown (isOutcomeUnknown): look for the entry's mark first. */
    appendLog: (
      taskId: string,
      entry: { message: string; level: TaskLogLevel },
      { signal }: Options = {},
    ): Promise<Task> =>
      task(
        'appendProcessItemTaskLog',
        (api, init) =>
          api.POST('/process-items/{id}/task/~actions/append-log', {
            ...init,
            params: byId(taskId),
            body: entry,
          }),
        signal,
      ),

    updateTaskData: (
      taskId: string,
      value: Record<string, unknown>,
      { signal }: Options = {},
    ): Promise<Task> =>
      task(
        'updateProcessItemTaskData',
        (api, init) =>
          api.PUT('/process-items/{id}/task/data', {
            ...init,
            params: byId(taskId),
            body: { data: { value } },
          }),
        signal,
      ),

    /** Not repeated when its outcome is unknown: a patch need not be the same twice. */
    patchTaskData: (taskId: string, patch: JsonPatch, { signal }: Options = {}): Promise<Task> =>
      task(
        'patchProcessItemTaskData',
        (api, init) =>
          api.PATCH('/process-items/{id}/task/data', {
            ...init,
            headers: { ...init.headers, 'content-type': 'application/json-patch+json' },
            params: byId(taskId),
            body: patch,
          }),
        signal,
      ),

    /** Streams a file from disk. The platform deletes the document after a day unless something links to it. */
    async uploadDocument(
      processId: string,
      document: { name: string; contentType: string; path: string },
      { signal }: Options = {},
    ): Promise<{ documentUri: string }> {
      const file = await openFile(document.path);
      const query = { fileName: document.name, fileContentType: document.contentType };
      const { value } = await transport.json(
        'uploadProcessDocument',
        DocumentSchema,
        (api, init) =>
          api.POST('/processes/{id}/~actions/upload-document', {
            ...init,
            headers: { ...init.headers, 'content-type': 'application/octet-stream' },
            params: { ...byId(processId), query },
            body: document.path,
            bodySerializer: () => file,
          }),
        signal,
      );
      return value;
    },
  };
}

async function openFile(path: string): Promise<Blob> {
  try {
    return await openAsBlob(path, { type: 'application/octet-stream' });
  } catch (error) {
    throw new AgentError('UNEXPECTED', `The file ${path} that was to be uploaded cannot be read.`, {
      cause: error,
    });
  }
}

/** X-KF-DELAY-WINDOW is in seconds. */
function parseWindow(value: string | null): number | null {
  const seconds = value === null ? Number.NaN : Number(value);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : null;
}

function parseDate(value: string | null): number | null {
  const time = value === null ? Number.NaN : Date.parse(value);
  return Number.isFinite(time) ? time : null;
}
