import { Command } from 'commander';
import type { Context } from './context.ts';
import { addSettingFlags } from './setting-flags.ts';
import { version } from './version.ts';

export interface ProgramOptions {
  readonly createContext: (home: string | undefined) => Context;
  readonly onExitCode: (exitCode: number) => void;
}

/** A command: gets the context, its arguments in order and its options; returns the exit code. */
type Action<A extends unknown[], O> = (context: Context, args: A, options: O) => Promise<number>;

/** The command line of docs/cli.md. Each command's file is loaded when it is called. */
export function createProgram({ createContext, onExitCode }: ProgramOptions): Command {
  const program = new Command('kubot')
    .description('Runs KuFlow robots on this machine')
    .option('--home <dir>', 'folder that holds everything of the agent')
    .option('--json', 'print JSON for programs instead of text for people')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .helpCommand(false);

  const add = <A extends unknown[], O>(
    usage: string,
    description: string,
    load: () => Promise<Action<A, O>>,
    parent = program,
  ): Command => {
    const command = parent.command(usage).description(description);
    command.action(async (...given: unknown[]) => {
      // Commander's order: the arguments, the options, the command itself.
      const args = given.slice(0, -2) as A;
      const action = await load();
      const { home } = program.opts<{ home?: string }>();
      onExitCode(await action(createContext(home), args, command.opts() as O));
    });
    return command;
  };

  addWork(add);
  addViews(add);
  addOrders(add);
  const config = program.command('config').description('show and change settings');
  add('get <key>', 'print one setting', async () => (await import('./commands/config.ts')).configGet, config);
  add(
    'set <key> <value>',
    'write one setting to the file; it holds from the next start; - takes the value from stdin',
    async () => (await import('./commands/config.ts')).configSet,
    config,
  );
  add(
    'secret',
    'keep the client secret, which comes by stdin',
    async () => (await import('./commands/config-secret.ts')).configSecret,
    config,
  )
    .option(
      '--keyring',
      'in the keyring of this system; the agent takes it with KUBOT_CLIENT_SECRET_KEYRING=true',
    )
    .option('--remove', 'instead: take it away from there');
  add(
    'explain',
    'print every setting and where its value comes from',
    async () => (await import('./commands/config.ts')).configExplain,
    config,
  );
  quieten(program);
  return program;
}

type Add = <A extends unknown[], O>(
  usage: string,
  description: string,
  load: () => Promise<Action<A, O>>,
  parent?: Command,
) => Command;

function addWork(add: Add): void {
  const demo = add(
    'demo',
    'embedded platform, agent and sample robots, end to end',
    async () => (await import('./commands/demo.ts')).demo,
  ).option('--stay', 'go on when its tasks are done, until TERM or Ctrl-C');
  // The demo has its own platform and application.
  addSettingFlags(demo, ['apiEndpoint', 'clientId', 'tenantId', 'routes', 'robotFilter']);
  const agent = add(
    'agent',
    'the agent in the foreground; TERM or Ctrl-C drains, a second one cancels',
    async () => (await import('./commands/agent.ts')).agent,
  )
    .option('--once', 'end when there is no work left')
    .option('--http <address>', 'serve the window as a page on this machine: 127.0.0.1:0, or another port')
    .option('--give-up-after <duration>', 'with --once: how long a dead platform is waited for', '60s');
  addSettingFlags(agent, []);
  add(
    'platform',
    'serve the embedded platform until TERM or Ctrl-C',
    async () => (await import('./commands/platform.ts')).platform,
  )
    .option('--port <number>', 'port on this machine; 0: any', '0')
    .option('--data <dir>', 'keep its state there; else in memory')
    .option('--seed <dir>', 'folder with a seed.json');
}

function addViews(add: Add): void {
  add('status', 'how the agent is', async () => (await import('./commands/status.ts')).status);
  add(
    'doctor',
    'what this machine has and lacks for an agent, each with its fix',
    async () => (await import('./commands/doctor.ts')).doctor,
  );
  const signIn = add(
    'sign-in',
    'lets a person sign in with the browser of this system, and keeps it in its keyring',
    async () => (await import('./commands/sign-in.ts')).signIn,
  )
    .option('--no-browser', 'open none: only print the address')
    .option('--language <language>', 'of the page that the browser is left with: en, es', 'en');
  addSettingFlags(signIn, []);
  add('sign-out', 'forgets who signed in', async () => (await import('./commands/sign-in.ts')).signOut);
  const check = add(
    'check',
    'tries address, credentials and rights before an agent is set up, and lists what they see; writes nothing',
    async () => (await import('./commands/check.ts')).check,
  ).option('--timeout <duration>', 'how long one call to the platform may take', '15s');
  addSettingFlags(check, []);
  add('robots', 'the robots of this host', async () => (await import('./commands/robots.ts')).robots).option(
    '--prepare <code>',
    'make a robot ready to run now',
  );
  add('runs', 'the latest runs', async () => (await import('./commands/runs.ts')).runs)
    .option('--limit <number>', 'how many', '50')
    .option('--before <run>', 'only older ones than this')
    .option('--state <state>', 'only those in this state')
    .option('--robot <robot>', 'only those of this robot')
    .option('--orphans', 'instead: claimed tasks that no live host answers for, and what can be done');
  add('run <id>', 'one run, by its id or its task’s', async () => (await import('./commands/run.ts')).run);
  add('logs <id>', 'what a run printed', async () => (await import('./commands/logs.ts')).logs).option(
    '--follow',
    'go on until the run ends',
  );
  add(
    'why <id>',
    'why a task, robot or run was or was not taken',
    async () => (await import('./commands/why.ts')).why,
  );
}

function addOrders(add: Add): void {
  add('start <robot> [operation]', 'run a robot now', async () => (await import('./commands/start.ts')).start)
    .option(
      '--env <name[=value]>',
      'a variable for this run; without a value, the caller’s own',
      (text: string, before: string[]) => [...before, text],
      [] as string[],
    )
    .option('--task <id>', 'take this task, as the inbox would')
    .option('--wait', 'until the run has ended');
  add('cancel <id>', 'end a run', async () => (await import('./commands/orders.ts')).cancel);
  add(
    'settle <task>',
    'end a task that a failed run kept, or that no host answers for',
    async () => (await import('./commands/orders.ts')).settle,
  )
    .option('--complete', 'complete the task')
    .option('--hand-over <email>', 'give the task to this person');
  add('pause', 'take no new work', async () => (await import('./commands/orders.ts')).pause)
    .option('--for <duration>', 'resume by itself after this')
    .option('--reason <text>', 'shown in the status');
  add(
    'postpone [run]',
    'put off the robots that wait to drive the screen',
    async () => (await import('./commands/courtesy.ts')).postpone,
  ).option('--for <duration>', 'how long; 10m unless told');
  add(
    'start-now [run]',
    'let the robot begin that waits for the person at this host',
    async () => (await import('./commands/courtesy.ts')).startNow,
  );
  add('resume', 'take work again', async () => (await import('./commands/orders.ts')).resume);
  add(
    'prune',
    'free what the home keeps beyond its limits of age and size',
    async () => (await import('./commands/prune.ts')).prune,
  ).option('--dry-run', 'only tell what would go');
  add('drain', 'no new work; what runs finishes', async () => (await import('./commands/orders.ts')).drain);
}

/** Failures are thrown, and told in one place. */
function quieten(command: Command): void {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  if (command.commands.length > 0) command.configureOutput({ writeErr: () => undefined });
  for (const child of command.commands) quieten(child);
}
