import { Driver } from './driver.ts';
import type { NodeOptions, Workbench } from './workbench.ts';

/** See bare/timer.mjs, which carries it out. */
export interface TimedCommand {
  file: string;
  args: readonly string[];
  env?: Record<string, string>;
  cwd?: string;
  /** Text on stdout that ends the time; '' is the first byte. Without it the exit does. */
  until?: string;
  /** Run so often, and so many at once; the time is that of all. */
  times?: number;
  parallel?: number;
  /** A folder that is copied first, within the time. */
  copy?: { from: string; to: string };
  /** A file that stdout is written to. */
  log?: string;
}

export interface CommandTimer {
  readonly pid: number;
  /** Milliseconds. @throws when a command ends with a failure */
  time(command: TimedCommand): Promise<number>;
  /** A line for `sh`. */
  timeShell(line: string): Promise<number>;
  close(): Promise<void>;
}

export function startTimer(workbench: Workbench, node?: NodeOptions): CommandTimer {
  const child = workbench.fork('bare/timer.mjs', [], node);
  const driver = new Driver(child);
  const time = async (command: TimedCommand) => (await driver.ask(command)).ms;
  return {
    pid: child.pid ?? 0,
    time,
    timeShell: (line) => time({ file: 'sh', args: ['-c', line] }),
    close: () => driver.close(),
  };
}
