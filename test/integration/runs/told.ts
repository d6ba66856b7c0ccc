import type { Run } from '../../../src/shared/run.ts';
import type { LabTask } from '../../helpers/lab.ts';

export interface ToldEntry {
  /** From the mark: the how manieth of the run. */
  number: number;
  level: string;
  text: string;
}

/** What a task's log says of a run, as it stands there: the entries with the run's mark. */
export function entriesOf(task: LabTask, run: Run): ToldEntry[] {
  const mark = new RegExp(` ·${run.id.slice(-8)}/(\\d+)$`);
  return task.entries.flatMap(({ level, message }) => {
    const number = mark.exec(message)?.[1];
    return number === undefined ? [] : [{ number: Number(number), level, text: message.replace(mark, '') }];
  });
}

/** The lines of all entries but the last, which is about the end; in order. */
export function linesTold(task: LabTask, run: Run): string[] {
  return entriesOf(task, run)
    .slice(0, -1)
    .flatMap(({ text }) => text.split('\n'));
}
