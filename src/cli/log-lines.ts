import type { LogLine } from '../shared/run.ts';
import type { Terminal } from './terminal.ts';
import { localTime, printable } from './text.ts';

/** A line of a run log for people: its time, its level where it is not the usual one, its text made safe. */
export function logLineText(line: LogLine, terminal: Terminal): string {
  const time = terminal.style('dim', localTime(line.time));
  const text = printable(line.text);
  if (line.level === 'ERROR') return `${time}  ${terminal.style('red', `ERROR ${text}`)}`;
  if (line.level === 'WARN') return `${time}  ${terminal.style('yellow', `WARN ${text}`)}`;
  return `${time}  ${line.stream === 'agent' ? terminal.style('cyan', text) : text}`;
}
