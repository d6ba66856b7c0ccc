import { AgentError } from '../../shared/errors.ts';
import type { Run } from '../../shared/run.ts';
import type { Journal } from './open-journal.ts';

const WHOLE_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
/** Shortest part of an id that is looked up. */
const SHORTEST_PART = 6;

/**
 * A run by its id, by a prefix or suffix of 6 characters or more, or (with `tasks`) by its task's id: the
 * task's latest run.
 * @throws AgentError RUN_NOT_FOUND, AMBIGUOUS_ID listing those that fit
 */
export function findRun(journal: Journal, text: string, options: { tasks: boolean }): Run {
  const part = text.trim().toLowerCase();
  const found = WHOLE_ID.test(part)
    ? (journal.runs.find(part) ?? (options.tasks ? journal.runs.listForTask(part).at(-1) : undefined))
    : findByPart(journal, part);
  if (!found) throw new AgentError('RUN_NOT_FOUND', `No run here has the id ${text}.`);
  return found;
}

function findByPart(journal: Journal, part: string): Run | undefined {
  if (part.length < SHORTEST_PART || !/^[0-9a-f-]+$/.test(part)) return undefined;
  const ids = journal.runs.findIds(part, 10);
  if (ids.length > 1) {
    throw new AgentError('AMBIGUOUS_ID', `${part} fits several runs: ${ids.join(', ')}.`, {
      details: { ids },
    });
  }
  return ids[0] === undefined ? undefined : journal.runs.find(ids[0]);
}
