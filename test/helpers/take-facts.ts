import type { TakeFactRecords, TakeFacts } from '../../src/agent/tasks/take-memory.ts';

/** What a journal keeps of takes, in memory. */
export function createTakeFacts(logBound: number | null = null): TakeFactRecords {
  let facts: TakeFacts | null = null;
  return {
    loadTakeFacts: () => facts,
    saveTakeFacts: (_endpoint, saved) => {
      facts = saved;
    },
    loadLogBound: () => logBound,
  };
}
