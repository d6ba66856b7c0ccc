import { isAgentError } from '../../shared/errors.ts';
import { TaskPageSchema, type TaskState, type TaskSummary } from './task.ts';
import type { Send, Transport } from './transport.ts';

export interface TaskQuery {
  states: readonly TaskState[];
  /** Empty: tasks of any definition. */
  definitionCodes: readonly string[];
  /** null: whatever the credentials see. */
  tenantId: string | null;
  limit: number;
  /** Oldest first unless told otherwise. */
  order?: 'oldest' | 'recently-changed';
  signal?: AbortSignal | undefined;
}

/** How an endpoint wants a task definition's code: R24's name, R26's, both, or not at all. */
type Dialect = 'both' | 'r24' | 'r26' | 'none';

/** Beyond this many codes a query would outgrow the URLs that servers take; they are filtered here only. */
const MOST_CODES = 50;
const PAGE_SIZE = 200;
/** A bound for servers that never come to an end. */
const MOST_PAGES = 50;

const DEFINITION_NAMES: Record<Dialect, readonly string[]> = {
  both: ['taskDefinitionCode', 'processItemDefinitionCode'],
  r24: ['taskDefinitionCode'],
  r26: ['processItemDefinitionCode'],
  none: [],
};

/** What to try after a 400, in order. */
const FALLBACKS: readonly Dialect[] = ['r24', 'r26'];

/**
 * Finds tasks on servers of either revision. They differ in the name of the filter by definition: both names are
 * sent, what comes back is filtered again, and a server that answers 400 is asked with one name from then on.
 */
export class TaskFinder {
  readonly #transport: Transport;
  #dialect: Dialect = 'both';

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  async find(query: TaskQuery): Promise<TaskSummary[]> {
    const dialect = usesCodes(query) ? this.#dialect : 'none';
    try {
      return await this.#collect(query, dialect);
    } catch (error) {
      if (dialect !== 'both' || !isBadRequest(error)) throw error;
      for (const fallback of FALLBACKS) {
        const found = await this.#tryDialect(query, fallback);
        if (found) return found;
      }
      throw error;
    }
  }

  async #tryDialect(query: TaskQuery, dialect: Dialect): Promise<TaskSummary[] | null> {
    try {
      const found = await this.#collect(query, dialect);
      this.#dialect = dialect;
      return found;
    } catch (error) {
      if (isBadRequest(error)) return null;
      throw error;
    }
  }

  async #collect(query: TaskQuery, dialect: Dialect): Promise<TaskSummary[]> {
    const found = new Map<string, TaskSummary>();
    for (let page = 0; page < MOST_PAGES; page++) {
      const { value } = await this.#transport.json(
        'findProcessItems',
        TaskPageSchema,
        sendQuery(query, dialect, page),
        query.signal,
      );
      for (const task of value.tasks) if (fits(task, query)) found.set(task.id, task);
      if (found.size >= query.limit || value.items === 0 || page + 1 >= value.totalPages) break;
    }
    return [...found.values()].slice(0, query.limit);
  }
}

function usesCodes({ definitionCodes }: TaskQuery): boolean {
  return definitionCodes.length > 0 && definitionCodes.length <= MOST_CODES;
}

function sendQuery(query: TaskQuery, dialect: Dialect, page: number): Send {
  const search = new URLSearchParams({
    type: 'TASK',
    page: String(page),
    size: String(PAGE_SIZE),
    sort: query.order === 'recently-changed' ? 'lastModifiedAt,desc' : 'createdAt,asc',
  });
  for (const state of query.states) search.append('taskState', state);
  if (query.tenantId !== null) search.append('tenantId', query.tenantId);
  for (const name of DEFINITION_NAMES[dialect])
    for (const code of query.definitionCodes) search.append(name, code);
  // One of the names is not in the types, so the query is written here.
  return (api, init) => api.GET('/process-items', { ...init, querySerializer: () => search.toString() });
}

function fits(task: TaskSummary, query: TaskQuery): boolean {
  const { states, definitionCodes, tenantId } = query;
  return (
    states.includes(task.state) &&
    (definitionCodes.length === 0 || definitionCodes.includes(task.definitionCode)) &&
    (tenantId === null || task.tenantId === null || task.tenantId === tenantId)
  );
}

function isBadRequest(error: unknown): boolean {
  return isAgentError(error) && error.code === 'PLATFORM_REFUSED' && error.details?.status === 400;
}
