import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AgentError } from '../shared/errors.ts';
import { linkDocuments, uriOf } from './document-links.ts';
import type { Audited, Principal, Process, ProcessDefinition, ProcessItem, StoredDocument } from './model.ts';
import type { PlatformState } from './platform-state.ts';
import type { Seed } from './seed.ts';
import { uuidV5 } from './uuid-v5.ts';
import { zipFolder } from './zip-folder.ts';

/** In a task's data `"kuflow-document:NAME"` stands for the documentUri of the process's document NAME. */
const DOCUMENT_PLACEHOLDER = /^kuflow-document:(.+)$/;

/**
 * Puts a seed into the store: upserts by id, and never makes a finished task anew. Files are relative to `dir`.
 * @throws AgentError CONFIG_INVALID naming a file that is not there or a definition that nothing defines
 */
export async function applySeed(
  state: PlatformState,
  seed: Seed,
  dir: string,
  system: Principal,
): Promise<void> {
  const seeder = new Seeder(state, dir, system);
  for (const user of seed.users) seeder.user(user);
  for (const robot of seed.robots) await seeder.robot(robot);
  for (const definition of seed.processDefinitions) seeder.definition(definition);
  for (const [index, process] of seed.processes.entries()) await seeder.process(process, index);
}

class Seeder {
  readonly #state: PlatformState;
  readonly #dir: string;
  readonly #audited: Audited;

  constructor(state: PlatformState, dir: string, system: Principal) {
    this.#state = state;
    this.#dir = dir;
    const at = new Date(state.now()).toISOString();
    this.#audited = { createdBy: system.id, createdAt: at, lastModifiedBy: system.id, lastModifiedAt: at };
  }

  user(user: Seed['users'][number]): void {
    this.#state.store.save('principal', {
      id: this.#idOf(user.id, 'user', user.email),
      type: 'USER',
      name: user.name,
      email: user.email,
      clientId: null,
      clientSecret: null,
      bearerToken: null,
    });
  }

  async robot(robot: Seed['robots'][number]): Promise<void> {
    const { store, files } = this.#state;
    const id = this.#idOf(robot.id, 'robot', robot.code);
    const known = store.find('robot', id);
    const path = this.#fileOf(robot.package, `the package of robot ${robot.code}`);
    const isFolder = statSync(path).isDirectory();
    const fileId = uuidV5(id, 'source-file');
    const { lengthBytes, hashes } = await files.write(
      fileId,
      isFolder ? zipFolder(path) : createReadStream(path),
    );
    const next = {
      code: robot.code,
      name: robot.name,
      description: robot.description ?? null,
      ready: robot.ready,
      sourceType: robot.sourceType,
      environmentVariables: robot.environmentVariables,
      file: { id: fileId, name: `${robot.code.toLowerCase()}.zip`, lengthBytes, hashes },
    };
    const {
      createdBy,
      createdAt,
      lastModifiedBy,
      lastModifiedAt,
      id: _,
      ...before
    } = known ?? { id, ...this.#audited };
    const unchanged = known !== undefined && JSON.stringify(before) === JSON.stringify(next);
    store.save('robot', {
      id,
      ...(unchanged
        ? { createdBy, createdAt, lastModifiedBy, lastModifiedAt }
        : { ...this.#audited, createdAt }),
      ...next,
    });
  }

  definition(definition: Seed['processDefinitions'][number]): void {
    const id = this.#idOf(definition.id, 'process-definition', definition.code);
    const stored: ProcessDefinition = {
      id,
      version: uuidV5(id, 'version'),
      code: definition.code,
      name: definition.name,
      tasks: definition.tasks.map((task) => {
        const taskId = this.#idOf(task.id, 'task-definition', `${definition.code}/${task.code}`);
        return {
          id: taskId,
          version: uuidV5(taskId, 'version'),
          code: task.code,
          name: task.name,
          robot: task.robot ?? null,
          operation: task.operation ?? null,
        };
      }),
    };
    this.#state.store.save('definition', stored);
  }

  async process(process: Seed['processes'][number], index: number): Promise<void> {
    const { store } = this.#state;
    const definition = store.all('definition').find((one) => one.code === process.definition);
    if (!definition) {
      throw new AgentError(
        'CONFIG_INVALID',
        `The seed's processes[${index}] names no definition: ${process.definition}.`,
      );
    }
    const id = this.#idOf(process.id, 'process', String(index));
    if (!store.find('process', id)) {
      const created: Process = {
        ...this.#audited,
        id,
        state: 'RUNNING',
        definitionId: definition.id,
        initiatorId: this.#audited.createdBy,
        metadata: process.metadata,
        entity: null,
      };
      store.save('process', created);
    }
    const documents = new Map<string, string>();
    for (const document of process.documents)
      documents.set(document.name, await this.#document(document, id));
    for (const [at, task] of process.tasks.entries()) this.#task(task, at, id, definition, documents);
  }

  async #document(
    document: Seed['processes'][number]['documents'][number],
    processId: string,
  ): Promise<string> {
    const { store, files } = this.#state;
    const id = this.#idOf(document.id, 'document', `${processId}/${document.name}`);
    const path = this.#fileOf(document.file, `the document ${document.name}`);
    const { lengthBytes } = await files.write(id, createReadStream(path));
    const stored: StoredDocument = {
      id,
      processId,
      name: document.name,
      contentType: contentTypeOf(document.name),
      lengthBytes,
      createdAt: this.#audited.createdAt,
      linked: true,
    };
    store.save('document', stored);
    return uriOf(stored);
  }

  #task(
    task: Seed['processes'][number]['tasks'][number],
    index: number,
    processId: string,
    definition: ProcessDefinition,
    documents: Map<string, string>,
  ): void {
    const { store } = this.#state;
    const id = this.#idOf(task.id, 'task', `${processId}/${index}`);
    if (store.find('item', id)) return;
    if (!definition.tasks.some((one) => one.code === task.definition)) {
      throw new AgentError(
        'CONFIG_INVALID',
        `The seed has a task of ${task.definition}, which ${definition.code} does not define.`,
      );
    }
    const data = withDocuments(task.data, documents);
    const item: ProcessItem = {
      ...this.#audited,
      id,
      type: 'TASK',
      processId,
      ownerId: null,
      task: { state: 'READY', definitionCode: task.definition, data },
      message: null,
      claimedAt: null,
      completedAt: null,
      cancelledAt: null,
    };
    store.save('item', item);
    linkDocuments(this.#state, processId, data);
  }

  #idOf(given: string | undefined, kind: string, key: string): string {
    return given ?? uuidV5(this.#state.tenantId, `${kind}/${key}`);
  }

  #fileOf(relative: string, what: string): string {
    const path = join(this.#dir, relative);
    if (!existsSync(path))
      throw new AgentError('CONFIG_INVALID', `The seed names ${what}, but there is no ${path}.`);
    return path;
  }
}

function withDocuments(
  data: Record<string, unknown>,
  documents: Map<string, string>,
): Record<string, unknown> {
  const replaced = JSON.stringify(data, (_key, value: unknown) => {
    const name = typeof value === 'string' ? DOCUMENT_PLACEHOLDER.exec(value)?.[1] : undefined;
    return name === undefined ? value : (documents.get(name) ?? value);
  });
  return JSON.parse(replaced) as Record<string, unknown>;
}

const CONTENT_TYPES: Record<string, string> = {
  csv: 'text/csv',
  json: 'application/json',
  txt: 'text/plain',
  pdf: 'application/pdf',
  html: 'text/html',
};

function contentTypeOf(name: string): string {
  return CONTENT_TYPES[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}
