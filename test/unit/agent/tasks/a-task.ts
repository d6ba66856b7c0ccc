import type { Task } from '../../../../src/agent/kuflow/task.ts';
import { MINUTE_MS, T0_MS } from './task-entries.ts';

/** A task that is CLAIMED by us, as the platform answers for it so many minutes after the beginning. */
export function aTask(id: string, minute: number, over: Partial<Task> = {}): Task {
  return {
    id,
    processId: 'process',
    state: 'CLAIMED',
    ownerId: 'us',
    definitionCode: 'INVOICES',
    tenantId: null,
    lastModifiedBy: null,
    data: null,
    logs: [],
    showsLog: true,
    serverTimeMs: T0_MS + minute * MINUTE_MS,
    ...over,
  };
}

/** A platform that knows these tasks, and remembers which were read. */
export function platformOf(tasks: Task[]) {
  const read: string[] = [];
  return {
    read,
    findTasks: async () => [...tasks],
    retrieveTask: async (id: string) => {
      read.push(id);
      const task = tasks.find((one) => one.id === id);
      if (!task) throw new Error(`No task ${id}`);
      return task;
    },
  };
}
