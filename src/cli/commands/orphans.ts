import type { Orphan } from '../../shared/orphan.ts';
import type { Context } from '../context.ts';
import { requireAgent } from '../find-agent.ts';
import { count, localTime, printable } from '../text.ts';

const WORDS: Record<Orphan['actions'][number]['action'], string> = {
  start: 'run it here',
  complete: 'complete it',
  'hand-over': 'give it to a person',
};

/** Tasks that no live host answers for, each with what a person may do about it. */
export async function orphans(context: Context): Promise<number> {
  const found = await (await requireAgent(context)).orphans();
  context.terminal.json(found);
  context.terminal.lines(orphanLines(found));
  return 0;
}

export function orphanLines(orphans: readonly Orphan[]): string[] {
  if (orphans.length === 0) return ['No orphans: a live host answers for each claimed task.'];
  const lines = [
    `${count(orphans.length, 'task')} that no live host answers for. Nothing happens by itself:`,
  ];
  for (const { taskId, definitionCode, message, lastEntryAt, actions } of orphans) {
    const last = lastEntryAt === null ? '' : ` Last entry ${localTime(lastEntryAt)}.`;
    lines.push('', printable(`${definitionCode}  ${taskId}`), printable(`  ${message}${last}`));
    for (const { action, command } of actions)
      lines.push(printable(`  ${WORDS[action].padEnd(20)} ${command}`));
    lines.push(`  ${'leave it'.padEnd(20)} –`);
  }
  return lines;
}
