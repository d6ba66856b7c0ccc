import type { LogLine } from '../shared/run.ts';
import type { Terminal } from './terminal.ts';
import { localTime, printable } from './text.ts';

/** A line of a run log for people: its time, its level where it is not the usual one, its text made safe. */
export function logLineText(line: LogLine, terminal: Terminal): string {
  const time = terminal.style('dim', localTime(line.time));
  const text = printable(line.text);
  if (line.level === 'ERROR') return `${time}  ${terminal.style('red', withLevel('ERROR', text))}`;
  if (line.level === 'WARN') return `${time}  ${terminal.style('yellow', withLevel('WARN', text))}`;
  return `${time}  ${line.stream === 'agent' ? terminal.style('cyan', text) : text}`;
}

/** Most robots name the level themselves. */
function withLevel(level: 'WARN' | 'ERROR', text: string): string {
  const named = level === 'WARN' ? /\bWARN(ING)?\b/i : /\b(ERROR|CRITICAL|FATAL|Traceback|Exception)\b/i;
  return named.test(text.slice(0, 80)) ? text : `${level} ${text}`;
}
