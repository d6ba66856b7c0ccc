import type { RunCommand } from '../process/run-command.ts';
import { runToEnd } from './run-to-end.ts';

export interface CompileTool {
  /** The Python to compile for. */
  executable: string;
  cwd: string;
  runCommand: RunCommand;
  env: Record<string, string>;
  signal: AbortSignal;
}

/**
 * `unchecked`: what no run can change needs no look at its source at import. `checked`: the package's own modules,
 * which a run may rewrite in its working copy; unchecked, it would run the old code.
 */
export type CompileMode = 'unchecked' | 'checked';

const COMPILE_TIMEOUT_MS = 10 * 60_000;
/** Other people's modules, and templates that are no Python before they are filled in. */
const LEFT_OUT = '[/\\\\](node_modules|\\.git|lib2to3[/\\\\]tests)[/\\\\]';

/**
 * Compiles Python modules ahead, since runs may not write bytecode: six imports of the standard library take 54 ms
 * with it and 199 ms without. What cannot be compiled is left to fail, or not, when it is imported.
 */
export async function compileModules(
  tool: CompileTool,
  folders: readonly string[],
  mode: CompileMode = 'unchecked',
): Promise<void> {
  const { executable, cwd, runCommand, env, signal } = tool;
  const args = [
    '-m',
    'compileall',
    '-f', // what pip compiled already, by the time of its source, counts as done otherwise
    '-q',
    '-q',
    '-j',
    '0',
    '-x',
    LEFT_OUT,
    '--invalidation-mode',
    `${mode}-hash`,
  ];
  await runToEnd(runCommand, {
    shell: { file: executable, args: [...args, ...folders] },
    cwd,
    env,
    timeoutMs: COMPILE_TIMEOUT_MS,
    signal,
    onOutput: () => {}, // nothing of it is of use to anyone
  });
}
