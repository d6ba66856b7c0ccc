import { createReadStream, existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { AgentError } from '../shared/errors.ts';
import { linkDocuments, uriOf } from './document-links.ts';
import type { Audited, Principal, Process, ProcessDefinition, ProcessItem, StoredDocument } from './model.ts';
import { auditOwn, type PlatformState } from './platform-state.ts';
import type { Seed } from './seed.ts';
import type { Kind, Kinds } from './store.ts';
import { uuidV5 } from './uuid-v5.ts';
import { zipFolder } from './zip-folder.ts';

/** In a task's data `"kuflow-document:NAME"` stands for the documentUri of the process's document NAME. */
const DOCUMENT_PLACEHOLDER = /^kuflow-document:(.+)$/;

/**
 * Puts a seed into the store: upserts by id, and leaves processes and tasks that are there as they are, so a
 * finished task is never made anew. Files are relative to `dir`.
 * @throws AgentError CONFIG_INVALID naming a file that is not there or a definition or owner that nothing defines
 */
export async function applySeed(state: PlatformState, seed: Seed, dir: string): Promise<void> {
  const seeder = new Seeder(state, dir);
  for (const user of seed.users) seeder.user(user);
  for (const robot of seed.robots) await seeder.robot(robot);
  for (const definition of seed.processDefinitions) seeder.definition(definition);
  for (const [index, process] of seed.processes.entries()) await seeder.process(process, index);
}

class Seeder {
  readonly #state: PlatformState;
  readonly #dir: string;
  readonly #audited: Audited;

  constructor(state: PlatformState, dir: string) {
    this.#state = state;
    this.#dir = dir;
    const at = new Date(state.now()).toISOString();
    const { systemId } = state;
    this.#audited = { createdBy: systemId, createdAt: at, lastModifiedBy: systemId, lastModifiedAt: at };
  }

  user(user: Seed['users'][number]): void {
    this.#put('principal', {
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
    const path = this.#fileOf(robot.package, `the package of robot ${robot.code}`);
    const fileId = uuidV5(id, 'source-file');
    const isFolder = statSync(path).isDirectory();
    const file = await files.writeHashed(fileId, isFolder ? zipFolder(path) : createReadStream(path));
    const known = store.find('robot', id);
    const next = {
      id,
      code: robot.code,
      name: robot.name,
      description: robot.description ?? null,
      ready: robot.ready,
      sourceType: robot.sourceType,
      environmentVariables: robot.environmentVariables,
      file: { id: fileId, name: `${robot.code.toLowerCase()}.zip`, ...file },
    };
    const { createdBy, createdAt, lastModifiedBy, lastModifiedAt } = known ?? this.#audited;
    const stamps = { createdBy, createdAt, lastModifiedBy, lastModifiedAt };
    // An agent prepares a robot anew when lastModifiedAt moves, so it moves only with a real change.
    if (!isDeepStrictEqual(known, { ...stamps, ...next })) {
      this.#put('robot', { ...this.#audited, createdBy, createdAt, ...next });
    }
  }

  definition(definition: Seed['processDefinitions'][number]): void {
    const id = this.#idOf(definition.id, 'process-definition', definition.code);
    this.#put('definition', {
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
    });
  }

  async process(process: Seed['processes'][number], index: number): Promise<void> {
    const { store } = this.#state;
    const definition = store.all('definition').find((one) => one.code === process.definition);
    if (!definition) {
      throw new AgentError(
        'CONFIG_INVALID',
        `The seed's processes.${index}.definition names no process definition: ${process.definition}.`,
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
      this.#put('process', created);
    }
    const documents = new Map<string, string>();
    for (const document of process.documents)
      documents.set(document.name, await this.#document(document, id));
    for (const [at, task] of process.tasks.entries()) {
      this.#task(task, `processes.${index}.tasks.${at}`, at, id, definition, documents);
    }
  }

  async #document(
    document: Seed['processes'][number]['documents'][number],
    processId: string,
  ): Promise<string> {
    const { store, files } = this.#state;
    const id = this.#idOf(document.id, 'document', `${processId}/${document.name}`);
    const path = this.#fileOf(document.file, `the document ${document.name}`);
    const stored: StoredDocument = {
      id,
      processId,
      name: document.name,
      contentType: contentTypeOf(document.name),
      lengthBytes: await files.write(id, createReadStream(path)),
      createdAt: store.find('document', id)?.createdAt ?? this.#audited.createdAt,
      linked: true,
    };
    this.#put('document', stored);
    return uriOf(stored);
  }

  #task(
    task: Seed['processes'][number]['tasks'][number],
    where: string,
    index: number,
    processId: string,
    definition: ProcessDefinition,
    documents: Map<string, string>,
  ): void {
    const { store, behaviour } = this.#state;
    const id = this.#idOf(task.id, 'task', `${processId}/${index}`);
    if (store.find('item', id)) return;
    if (!definition.tasks.some((one) => one.code === task.definition)) {
      throw new AgentError(
        'CONFIG_INVALID',
        `The seed's ${where}.definition names no task of ${definition.code}: ${task.definition}.`,
      );
    }
    const owner = task.ownerEmail === undefined ? null : this.#ownerOf(task.ownerEmail, where);
    const claimed = owner !== null && behaviour.ownedTaskStartsAs === 'CLAIMED';
    const data = withDocuments(task.data, documents);
    const item: ProcessItem = {
      ...this.#audited,
      id,
      type: 'TASK',
      processId,
      ownerId: owner?.id ?? null,
      task: { state: claimed ? 'CLAIMED' : 'READY', definitionCode: task.definition, data },
      message: null,
      claimedAt: claimed ? this.#audited.createdAt : null,
      completedAt: null,
      cancelledAt: null,
    };
    this.#put('item', item);
    linkDocuments(this.#state, processId, data);
  }

  #ownerOf(email: string, where: string): Principal {
    const owner = this.#state.store.all('principal').find((one) => one.email === email);
    if (owner) return owner;
    throw new AgentError('CONFIG_INVALID', `The seed's ${where}.ownerEmail is no user of it: ${email}.`);
  }

  #put<K extends Kind>(kind: K, value: Kinds[K]): void {
    const { store } = this.#state;
    const known = store.find(kind, value.id);
    if (isDeepStrictEqual(known, value)) return;
    store.atomically(() => {
      store.save(kind, value);
      auditOwn(this.#state, 'seed', `${kind}/${value.id}`, known ?? null, value);
    });
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
