import { setTimeout as delay } from 'node:timers/promises';
import type { Agent, AgentEvent } from '../../agent/agent.ts';
import type { AgentConfig } from '../../agent/config/agent-config.ts';
import { applyNetworkSettings } from '../../agent/config/apply-network-settings.ts';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { withKeyringSecret } from '../../agent/config/keyring-secret.ts';
import { compileOauth } from '../../agent/config/oauth-settings.ts';
import { loadLibc } from '../../agent/native/libc.ts';
import type { PageServer } from '../../agent/page/page-server.ts';
import { closeInheritedDescriptors } from '../../agent/process/close-inherited-descriptors.ts';
import { isSystemStopping } from '../../agent/process/system-stopping.ts';
import { openSignInStore } from '../../agent/sign-in/sign-in-store.ts';
import { AgentError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { findPageFiles } from '../page-files.ts';
import { runSentence } from '../run-table.ts';
import { settingFlags } from '../setting-flags.ts';
import { listenForStop, type StopSignals } from '../stop-signals.ts';
import type { Terminal } from '../terminal.ts';
import { localTime, printable, shortId } from '../text.ts';
import { durationOption } from './orders.ts';

export interface AgentOptions extends Record<string, unknown> {
  once?: boolean;
  giveUpAfter: string;
  http?: string;
}

/** How the agent came to its end. */
type Ending = 'no-work' | 'drained' | 'interrupted' | 'shutdown';

/** A machine that goes down kills what is not gone in a few seconds. What is not settled is, at the next start. */
const SHUTDOWN_MS = 3000;
/** After a second signal, once the robots had their grace: a platform that is away keeps nobody here. */
const REPORT_MS = 5000;

export async function agent(context: Context, _args: [], options: AgentOptions): Promise<number> {
  const { homeDir, environment, cwd, terminal } = context;
  // Before any secret is read.
  (await loadLibc())?.hideMemory();
  const giveUpAfterMs = durationOption('--give-up-after', options.giveUpAfter);
  const config = await withKeyringSecret(
    loadConfig({ flags: settingFlags(options), environment, home: homeDir, cwd }),
  );
  if (config.credentialsSource === 'sign-in') await lookForSignIn(config, terminal);
  else requireCredentials(config);
  for (const warning of config.warnings) terminal.note(`kubot: ${warning}`);
  applyNetworkSettings(config.settings, config.endpoint, environment);
  closeInheritedDescriptors();
  const { createAgent } = await import('../../agent/create-agent.ts');
  const stop = listenForStop();
  const running = createAgent(config, { environment });
  running.on((event) => tell(event, terminal));
  try {
    await running.start();
    const page = options.http === undefined ? null : await openPage(options.http, running, terminal);
    if (page !== null) stop.first.then(() => page.close(), undefined);
    if (!options.once) terminal.line(`The agent is up in ${printable(homeDir)}. Ctrl-C drains it.`);
    const work = options.once ? running.untilDone({ giveUpAfterMs }) : new Promise<never>(() => undefined);
    const { ending, failed } = await untilEnding(running, work, stop, {
      terminal,
      graceMs: longestGrace(config),
    });
    const exitCode = endedEarly(ending) ? EXIT.interrupted : failed ? EXIT.runFailed : 0;
    const closed = running.close();
    await (ending === 'shutdown' ? Promise.race([closed, delay(SHUTDOWN_MS)]) : closed);
    tellEnd(ending, exitCode, terminal);
    return exitCode;
  } catch (error) {
    await running.close();
    throw error;
  } finally {
    stop.dispose();
  }
}

/** Serves the window's page; each link opens it once, and a used one is followed by the next. */
async function openPage(address: string, { handlers }: Agent, terminal: Terminal): Promise<PageServer> {
  const { startPageServer } = await import('../../agent/page/page-server.ts');
  return await startPageServer({
    address,
    filesDir: await findPageFiles(terminal),
    handlers,
    log: { error: (message, fields) => terminal.note(`kubot: ${message}: ${String(fields.message)}`) },
    onLink: (url) => {
      terminal.json({ time: new Date().toISOString(), event: 'page', url });
      terminal.line(`The page, for one browser: ${url}`);
    },
  });
}

function endedEarly(ending: Ending): boolean {
  return ending === 'interrupted' || ending === 'shutdown';
}

/** The first signal drains, the second one cancels what runs; when the machine goes down, nothing is waited for. */
async function untilEnding(
  running: Agent,
  work: ReturnType<Agent['untilDone']>,
  stop: StopSignals,
  { terminal, graceMs }: { terminal: Terminal; graceMs: number },
): Promise<{ ending: Ending; failed: boolean }> {
  const done = await Promise.race([work, stop.first.then(() => null)]);
  if (done !== null) {
    if (done.error !== null) throw done.error;
    return { ending: 'no-work', failed: done.failed };
  }
  if (await isSystemStopping()) {
    terminal.note('The machine goes down: robots are ended now, and their runs settled at the next start.');
    return { ending: 'shutdown', failed: false };
  }
  terminal.note('Draining: no new work; what runs finishes. A second signal cancels it.');
  const drained = running.drain().then((): Ending => 'drained');
  const ending = await Promise.race([drained, stop.second.then((): Ending => 'interrupted')]);
  if (ending === 'interrupted') {
    const cancelled = running.cancelAll('The agent was asked twice to stop.').then(() => true);
    const tooLong = delay(graceMs + REPORT_MS, false, { ref: false });
    if (!(await Promise.race([cancelled, tooLong])))
      terminal.note('The platform could not be told of every run; the next start tells it.');
  }
  return { ending, failed: false };
}

function longestGrace({ settings }: AgentConfig): number {
  const own = Object.values(settings.robots).map(({ cancelGraceMs = 0 }) => cancelGraceMs);
  return Math.max(settings.cancelGraceMs, ...own);
}

/** @throws AgentError CONFIG_INVALID: without credentials there is nothing to try */
function requireCredentials(config: AgentConfig): void {
  if (config.credentials !== null) return;
  const missing = config.settings.clientId === null ? 'KUBOT_CLIENT_ID' : 'KUBOT_CLIENT_SECRET_FILE';
  throw new AgentError('CONFIG_INVALID', `The agent has no credentials: ${missing} is not set.`, {
    hint: 'KUBOT_CLIENT_ID and KUBOT_CLIENT_SECRET_FILE name the application that this host works as; the secret may lie in the keyring instead: kubot config secret --keyring.',
  });
}

/**
 * An agent waits for somebody to sign in, as a service does before anybody has; not for a keyring that is not there.
 * @throws AgentError CONFIG_INVALID, KEYRING_UNAVAILABLE
 */
async function lookForSignIn(
  { settings, endpoint, homeDir }: AgentConfig,
  terminal: Terminal,
): Promise<void> {
  compileOauth(settings, endpoint);
  if ((await (await openSignInStore(homeDir)).read()) === null)
    terminal.note('kubot: Nobody is signed in. The agent begins once somebody is: kubot sign-in');
}

function tell(event: AgentEvent, terminal: Terminal): void {
  // Of progress only people want to hear, and they have `kubot robots`.
  if (event.event === 'progress') return;
  const time = new Date().toISOString();
  terminal.json({ time, ...event });
  terminal.line(`${localTime(time)}  ${eventText(event)}`);
}

function eventText(event: Exclude<AgentEvent, { event: 'progress' }>): string {
  switch (event.event) {
    case 'registered':
      return `Registered as ${printable(event.worker)}`;
    case 'run-started':
      return printable(
        `${event.run.robot.code} ${event.run.operation ?? ''} started (run ${shortId(event.run.id)}, attempt ${event.run.attempt})`,
      );
    case 'run-ended':
      return runSentence(event.run);
    case 'drained':
      return 'Drained';
  }
}

function tellEnd(ending: Ending, exitCode: number, terminal: Terminal): void {
  terminal.json({ time: new Date().toISOString(), event: 'finished', reason: ending, exitCode });
  if (ending === 'no-work') {
    terminal.line(exitCode === 0 ? 'No work is left.' : 'No work is left; not every run succeeded.');
  }
}
