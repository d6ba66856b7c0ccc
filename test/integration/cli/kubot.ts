import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const main = resolve(import.meta.dirname, '../../../src/cli/main.ts');

export interface Finished {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** The command line's program, under this Node, seeing nothing of the caller's settings. */
export function startKubot(
  args: string[],
  env: Record<string, string> = {},
  stdin: 'ignore' | 'pipe' = 'ignore',
): ChildProcess {
  const { PATH = '', HOME = '' } = process.env;
  return spawn(process.execPath, [main, ...args], {
    env: { PATH, HOME, NO_COLOR: '1', ...env },
    stdio: [stdin, 'pipe', 'pipe'],
  });
}

/** Runs it to its end. */
export async function kubot(args: string[], env: Record<string, string> = {}): Promise<Finished> {
  const child = startKubot(args, env);
  const ended = new Promise<number | null>((done) => child.on('exit', done));
  if (child.stdout === null || child.stderr === null) throw new Error('Its output is not piped');
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}
