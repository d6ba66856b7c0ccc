import { CommanderError } from 'commander';
import { AgentError, ERRORS, toAgentError } from '../shared/errors.ts';
import { createContext } from './context.ts';
import { takeEnvironment } from './environment.ts';
import { EXIT } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { Terminal } from './terminal.ts';

/** Runs one command of docs/cli.md and returns its exit code. */
export async function runCommandLine(argv: string[]): Promise<number> {
  const isJson = asksForJson(argv);
  const terminal = new Terminal({ stdout: process.stdout, stderr: process.stderr, isJson });
  const environment = takeEnvironment(process.env);
  let exitCode = 0;
  const program = createProgram({
    createContext: (home) => createContext({ home, environment, terminal, cwd: process.cwd() }),
    onExitCode: (code) => {
      exitCode = code;
    },
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    if (argv.length === 0) terminal.note(program.helpInformation());
    const error = thrown instanceof CommanderError ? usageError(thrown) : toAgentError(thrown);
    terminal.failure(error);
    return error.code === 'INTERRUPTED' ? EXIT.interrupted : ERRORS[error.code].exitCode;
  }
}

/** Needed before the arguments are understood: they may be wrong. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end === -1 ? undefined : end).includes('--json');
}

function usageError(error: CommanderError): AgentError {
  const message =
    error.code === 'commander.help'
      ? 'A command is missing'
      : error.message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new AgentError('USAGE', `${message[0]?.toUpperCase() ?? ''}${message.slice(1)}.`);
}
