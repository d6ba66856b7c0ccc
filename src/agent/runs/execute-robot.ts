import { setMaxListeners } from 'node:events';
import { AgentError } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';
import { isFull } from '../home/disk-space.ts';
import { findUserHome } from '../home/user-home.ts';
import type { ProcessExit, RobotProcess } from '../process/robot-process.ts';
import type { SandboxedCommand } from '../sandbox/sandbox.ts';
import type { ActiveRun } from './active-run.ts';
import { createGrantHints } from './grant-hints.ts';
import { noteContact, noteStart, noteUse } from './note-touch.ts';
import { describeDuration, endOfProcess, type RunEnd } from './outcome.ts';
import type { PreparedRobot } from './prepare-robot.ts';
import { fillHome, fillWorkingCopy } from './run-folders.ts';
import type { RunServices } from './run-services.ts';
import type { RunSession } from './run-session.ts';
import { hiddenScreen, refusedContact, robotPlaces } from './sandbox-places.ts';
import { shellCommand } from './shell-command.ts';

const DAY_MS = 24 * 60 * 60_000;

/** Runs the robot and waits for its end: working copy, variables, process, timeout, cancel. */
export async function executeRobot(
  active: ActiveRun,
  services: RunServices,
  session: RunSession,
  job: { prepared: PreparedRobot; shell: string },
): Promise<RunEnd> {
  const { prepared } = job;
  const { folders, log } = session;
  const settings = services.config.robot(active.robot.code);
  for (const warning of prepared.warnings) log.agentLine('WARN', warning);
  await fillWorkingCopy(prepared.environment.packageDir, folders.workDir, prepared.environment.sharedEntries);
  await fillHome(prepared.environment.homeDir, folders.homeDir);
  try {
    const built = await services.variables.forRun(active, prepared, folders, {
      endpoint: services.gateway.endpoint,
      token: session.token,
      expiresAtMs: services.now() + Math.max(settings.runTimeoutMs, DAY_MS),
    });
    const command = shellCommand(job.shell, built.variables, process.platform);
    for (const warning of [...built.warnings, ...command.warnings]) log.agentLine('WARN', warning);
    active.signal.throwIfAborted();
    const policy = services.sandboxPolicyOf(active.robot.code);
    const { reason } = active.run.sandbox;
    if (reason !== null) log.agentLine('WARN', `The robot is not sandboxed as asked for: ${reason}`);
    if (settings.desktop && policy.gui === 'none' && active.run.sandbox.achieved !== 'off')
      log.agentLine('WARN', hiddenScreen(active.robot.code));
    noteStart(active, services, prepared, policy);
    const sandboxed = await services.sandbox.prepare(
      { file: command.file, args: command.args, cwd: folders.workDir, env: built.variables },
      {
        policy,
        cookie: { name: 'KUBOT_RUN_ID', value: active.id },
        places: robotPlaces(prepared, folders, built),
        gateway: services.gateway,
        onContact: (contact) => {
          noteContact(active, services, contact);
          if (contact.verdict === 'refused')
            log.agentLine('WARN', refusedContact(active.robot.code, contact));
        },
        onWarning: (message) => log.agentLine('WARN', message),
      },
    );
    // Since the run was queued a level may have come to be had.
    if (sandboxed.status.achieved !== active.run.sandbox.achieved) {
      active.change({ sandbox: sandboxed.status });
      log.agentLine('INFO', `The sandbox is ${sandboxed.status.achieved} by now.`);
    }
    const exit = await runProcess(active, services, session, sandboxed, settings).finally(() =>
      sandboxed.discard(),
    );
    return endOfProcess({
      ...exit,
      limits: settings.limits,
      termination: active.termination,
      terminatedBy: active.terminatedBy,
      timeoutMs: settings.runTimeoutMs,
      platformState: active.platformState,
      // Nobody tells why a robot failed; on a full disk that is the likeliest.
      diskFull: session.log.failure?.code === 'DISK_FULL' || isFull(folders.dir),
    });
  } catch (error) {
    if (active.termination === null) throw error;
    return endOfProcess({
      exitCode: null,
      signal: null,
      termination: active.termination,
      terminatedBy: active.terminatedBy,
      timeoutMs: settings.runTimeoutMs,
      platformState: active.platformState,
      diskFull: false,
    });
  }
}

async function runProcess(
  active: ActiveRun,
  services: RunServices,
  session: RunSession,
  sandboxed: SandboxedCommand,
  settings: Pick<Settings, 'runTimeoutMs' | 'cancelGraceMs' | 'silentWarningMs'>,
): Promise<Omit<ProcessExit, 'reason'>> {
  // Journalled first: after a crash the run is known to have been started, or not to have been.
  active.become('running', {
    startedAt: new Date(services.now()).toISOString(),
    outDir: session.folders.outDir,
  });
  const robot = await sandboxed.start();
  session.log.attach(robot.stdout, 'stdout');
  session.log.attach(robot.stderr, 'stderr');
  watchForGrants(active, services, session, robot);
  setMaxListeners(20, active.signal);
  const stop = () =>
    void robot.cancel(settings.cancelGraceMs, active.termination === 'timeout' ? 'timeout' : 'cancelled');
  active.signal.addEventListener('abort', stop, { once: true });
  if (active.signal.aborted) stop();
  const kill = () => void robot.kill();
  services.closing.addEventListener('abort', kill, { once: true });
  if (services.closing.aborted) kill();
  const ends = watchTime(active, services, session, settings);
  try {
    const { reason, ...exit } = await robot.exited;
    // In the file before anything says that the run has ended: a crash after that loses none of it.
    session.log.endOutput();
    // The agent ends under it: the next start finds the run as it is now, and settles it.
    if (reason === 'killed') throw new AgentError('INTERRUPTED', 'The agent ended while the robot ran.');
    return exit;
  } finally {
    ends();
    noteUse(active, services, robot);
    active.signal.removeEventListener('abort', stop);
    services.closing.removeEventListener('abort', kill);
    if (session.log.failure !== null) {
      services.log.error('Run log could not be written', {
        runId: active.id,
        message: session.log.failure.message,
      });
    }
  }
}

/** Off nothing is hidden, and what is missing is missing. */
function watchForGrants(
  active: ActiveRun,
  services: RunServices,
  { log }: RunSession,
  robot: RobotProcess,
): void {
  if (active.run.sandbox.achieved === 'off') return;
  const look = createGrantHints({
    robotCode: active.robot.code,
    policy: services.sandboxPolicyOf(active.robot.code),
    userHome: findUserHome(),
    agentHome: services.paths.home,
    say: (hint) => log.agentLine('WARN', hint),
  });
  for (const stream of [robot.stdout, robot.stderr]) stream.on('data', look);
}

/** How often time is looked at: timers stand still while a machine sleeps, so no single long one is set. */
const LOOK_MS = 500;

/** Ends the run at its deadline by the clock, and warns of silence. Returns how to stop. */
function watchTime(
  active: ActiveRun,
  services: RunServices,
  session: RunSession,
  settings: { runTimeoutMs: number; silentWarningMs: number },
): () => void {
  const startedMs = performance.now();
  let lines = session.log.counters.lines;
  let lineMs = startedMs;
  const timer = setInterval(
    () => {
      const nowMs = performance.now();
      if (nowMs - startedMs >= settings.runTimeoutMs) active.terminate('timeout');
      if (session.log.counters.lines !== lines) {
        lines = session.log.counters.lines;
        lineMs = nowMs;
      } else if (nowMs - lineMs >= settings.silentWarningMs) {
        session.log.agentLine('WARN', `The robot has been silent for ${describeDuration(nowMs - lineMs)}.`);
        services.log.warn('Robot is silent', { runId: active.id, silentMs: Math.round(nowMs - lineMs) });
        lines = session.log.counters.lines;
        lineMs = nowMs;
      }
    },
    Math.min(LOOK_MS, Math.max(10, settings.runTimeoutMs / 4)),
  );
  return () => clearInterval(timer);
}
