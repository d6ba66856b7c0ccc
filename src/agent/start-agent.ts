import { setMaxListeners } from 'node:events';
import { mkdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import packageJson from '../../package.json' with { type: 'json' };
import type { ControlHandlers } from '../shared/control-api.ts';
import { drivesScreen } from '../shared/robot-settings.ts';
import type { Run } from '../shared/run.ts';
import type { Agent, AgentEvent } from './agent.ts';
import type { AgentConfig } from './config/agent-config.ts';
import { createConfigHandlers } from './config/config-handlers.ts';
import { createHandlers, type HandlerParts } from './control/agent-handlers.ts';
import { agentStatus } from './control/agent-status.ts';
import { handlersForCaller } from './control/caller-handlers.ts';
import { startControlServer } from './control/control-server.ts';
import { EventHub } from './control/event-hub.ts';
import { openGrantedControl } from './control/granted-control.ts';
import { createPeerCheck } from './control/peer-check.ts';
import { Courtesy } from './courtesy/courtesy.ts';
import { openDoctor } from './doctor/open-doctor.ts';
import { DiskReserve, keepReserve } from './home/disk-reserve.ts';
import { takeHomeLock } from './home/home-lock.ts';
import { homePaths } from './home/home-paths.ts';
import { ensureInstallationId } from './home/installation.ts';
import { sweepPartialFiles } from './home/partial-files.ts';
import { prepareHome } from './home/prepare-home.ts';
import { controlSocketPath } from './home/socket-path.ts';
import { openJournal } from './journal/open-journal.ts';
import { openAgentLog } from './logs/agent-log.ts';
import { loadPresenting } from './native/shell32.ts';
import { openPlatform } from './platform-link.ts';
import { sweepLeftovers } from './process/sweep-leftovers.ts';
import { checkDisk } from './runs/check-disk.ts';
import { Decider } from './runs/decide.ts';
import { hastenRefused } from './runs/hasten-refused.ts';
import { Hold } from './runs/hold.ts';
import { openRetention } from './runs/open-retention.ts';
import { recoverRuns } from './runs/recover-runs.ts';
import { RunManager } from './runs/run-manager.ts';
import { Scheduler } from './runs/scheduler.ts';
import { untilDone } from './runs/until-done.ts';
import { openSignInStore, type SignInStore } from './sign-in/sign-in-store.ts';
import { watchSleep } from './sleep-watch.ts';
import { openSources } from './sources/open-sources.ts';
import { TakeMemory } from './tasks/take-memory.ts';
import { openWorkshop } from './workshop.ts';

export interface AgentFacts {
  /** The host's own environment; robots get next to nothing of it. */
  environment?: Readonly<Record<string, string | undefined>>;
  hostName?: string;
  /** As process.arch. */
  arch?: string;
  /** Where bwrap is looked for. */
  bwrapPaths?: readonly string[];
  now?: () => number;
  random?: () => number;
  fetch?: (request: Request) => Promise<Response>;
  /** Of the person who signed in; opened where the configuration asks for one. */
  signInStore?: SignInStore;
  tell: (event: AgentEvent) => void;
}

/** What an agent writes at its start: holder, certificates, trust bundle, the first lines of its log. */
const START_BYTES = 1024 * 1024;

export interface StartedAgent extends Pick<Agent, 'untilDone' | 'drain' | 'cancelAll' | 'close'> {
  handlers: ControlHandlers;
}

/**
 * Wires the real parts and starts them: home and journal first, then the control API, so that `status` answers,
 * then what needs the platform.
 * @throws AgentError HOME_LOCKED, HOME_UNUSABLE, JOURNAL_UNUSABLE, CONFIG_INVALID
 */
export async function startAgent(config: AgentConfig, facts: AgentFacts): Promise<StartedAgent> {
  const { environment = {}, hostName = hostname(), arch = process.arch } = facts;
  const { now = Date.now, random = Math.random, tell } = facts;
  const startedAt = new Date(now()).toISOString();
  const paths = homePaths(config.homeDir);
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    prepareHome(paths.home);
    const socketPath = controlSocketPath(paths.home, process.platform, environment);
    const version = packageJson.version;
    const lock = takeHomeLock(paths, { pid: process.pid, startedAt, socketPath, version });
    closers.push(() => lock.release());
    for (const dir of [paths.home, paths.gateway]) sweepPartialFiles(dir);
    const reserve = new DiskReserve(paths.reserve);
    reserve.makeRoom(START_BYTES);
    const installationId = ensureInstallationId(paths);
    mkdirSync(paths.logs, { recursive: true, mode: 0o700 });
    const log = openAgentLog({
      path: join(paths.logs, 'agent.log'),
      level: config.settings.logLevel,
      secrets: config.credentials === null ? [] : [config.credentials.clientSecret],
      now,
    });
    closers.push(() => log.close());
    log.info('Agent started', { version, home: paths.home, pid: process.pid });
    for (const warning of config.warnings) log.warn('Configuration warning', { warning });
    const warnings: string[] = [];
    const journal = openJournal(paths.journal, {
      now,
      release: () => reserve.release(),
      onSetAside: ({ path, reason }) => {
        log.error('Journal was damaged and is set aside', { path, reason });
        warnings.push(
          `The journal was damaged; it lies in ${path} now, and what this host knew of its runs is in there. Tasks that it had taken are listed by: kubot runs --orphans`,
        );
      },
    });
    closers.push(() => journal.close());

    const closing = new AbortController();
    // Each run and each call on its way listens.
    setMaxListeners(0, closing.signal);
    const platform = openPlatform({
      config,
      hostName,
      installationId,
      log,
      now,
      random,
      fetch: facts.fetch,
      signInStore:
        config.credentialsSource === 'sign-in'
          ? (facts.signInStore ?? (await openSignInStore(config.homeDir)))
          : null,
      isPossible: (robotId) => services.preparer.isPossible(robotId),
      closing: closing.signal,
    });
    closers.push(() => platform.close());
    const takes = new TakeMemory(platform.client.endpoint, journal.host, now);
    const scheduler = new Scheduler(config.settings);
    const decider = new Decider(journal, now);
    const courtesy = new Courtesy({
      records: journal.host,
      rulesOf: (code) => config.robot(code),
      hasDesktopRobots:
        drivesScreen(config.settings) || Object.values(config.settings.robots).some(drivesScreen),
      isPresenting: await loadPresenting(),
      now,
      onChange: () => hub.send({ type: 'status', status: status() }),
      closing: closing.signal,
    });
    const workshop = await openWorkshop({
      config,
      paths,
      environment,
      arch,
      platform,
      log,
      now,
      closing: closing.signal,
      bwrapPaths: facts.bwrapPaths,
      onSandbox: () => {
        services.preparer.setCatalogue(platform.catalogue.all());
        platform.registration.poke();
        hastenRefused(services, workshop.refusalOf);
        sources.poke();
        hub.send({ type: 'status', status: status() });
      },
    });
    closers.push(() => workshop.close());
    const states = new Map<string, Run['state']>();
    const runListeners = new Set<(run: Run) => void>();
    const status = () =>
      agentStatus({
        agent: { pid: process.pid, version, home: paths.home, installationId, startedAt },
        platform,
        sources: () => sources.states(),
        sandbox: workshop.sandboxStatus(),
        hold,
        courtesy,
        counts: manager.counts(),
        warnings: [...warnings, ...reserve.warnings],
      });
    const hub: EventHub = new EventHub(() => ({
      status: status(),
      runs: manager.list().map(({ run }) => run),
    }));
    const sleep = (milliseconds: number, signal?: AbortSignal) =>
      delay(milliseconds, undefined, {
        signal: signal ? AbortSignal.any([signal, closing.signal]) : closing.signal,
      });
    const services = {
      config,
      paths,
      hostName,
      installationId,
      journal,
      decider,
      scheduler,
      courtesy,
      checkDisk: () => checkDisk(paths.home, config.settings.diskReserveBytes, reserve),
      client: platform.client,
      takes,
      principalId: () => platform.principalId() ?? takes.principalId,
      ...workshop.services(journal, decider, (progress) => {
        tell({ event: 'progress', progress });
        hub.send({ type: 'progress', progress });
      }),
      lookUpRobot: async (idOrCode: string) => {
        await platform.catalogue.refresh(closing.signal);
        return platform.catalogue.served().find(({ id, code }) => id === idOrCode || code === idOrCode);
      },
      log,
      now,
      random,
      sleep,
      closing: closing.signal,
      postponed: new Map<string, number>(),
    };
    const onRunChange = (run: Run) => {
      hub.send({ type: 'run', run });
      for (const listener of runListeners) listener(run);
      const before = states.get(run.id);
      states.set(run.id, run.state);
      if (run.state === before) return;
      if (run.state === 'running') tell({ event: 'run-started', run });
      if (run.state !== 'ended') return;
      states.delete(run.id);
      tell({ event: 'run-ended', run });
      sources.poke();
    };
    const manager: RunManager = new RunManager({
      services,
      onChange: onRunChange,
      isDraining: () => hold.state === 'draining',
    });
    const sources = openSources({ config, services, manager, platform, hold: () => hold, random });
    const hold = new Hold({
      records: journal.host,
      scheduler,
      now,
      onChange: () => {
        hub.send({ type: 'status', status: status() });
        sources.poke();
        courtesy.rouse();
      },
    });
    closers.push(keepReserve(reserve, log, () => hub.send({ type: 'status', status: status() })));
    const retention = openRetention({
      journal,
      paths,
      settings: config.settings,
      log,
      now,
      places: () => [...services.preparer.places(), ...manager.list().flatMap((active) => active.places)],
    });
    closers.push(() => retention.close());
    const handlerParts: HandlerParts = {
      services,
      manager,
      preparer: services.preparer,
      hold,
      hub,
      status,
      robots: () => platform.catalogue.all(),
      waiting: () => sources.waiting(),
      pokeSources: () => sources.poke(),
      wake: async () => {
        platform.lookForSignIn();
        await workshop.retrySandbox();
        platform.registration.poke();
        platform.catalogue.poke();
        sources.poke();
      },
      settings: createConfigHandlers(config),
      prune: ({ dryRun }) => retention.prune(dryRun),
      doctor: openDoctor({ config, environment, paths, status, now }),
      closing: closing.signal,
    };
    const handlers = createHandlers(handlerParts);
    const check = await createPeerCheck(log);
    const server = await startControlServer({
      socketPath,
      admit: (socket) => check(socket) ?? handlers,
      log,
    });
    closers.push(() => server.close());
    const granted = await openGrantedControl({
      control: config.settings.control,
      homeDir: paths.home,
      environment,
      handlersFor: (caller, owner) =>
        handlersForCaller(createHandlers(handlerParts, caller.user), { caller, owner, log }),
      log,
      now,
    });
    closers.push(() => granted.close());
    for (const warning of granted.warnings) log.warn('Granted control', { warning });
    warnings.push(...granted.warnings);

    const loops = new AbortController();
    platform.onCatalogue((robots) => services.preparer.setCatalogue(robots));
    platform.onChange((event) => {
      if (event !== null) tell(event);
      hub.send({ type: 'status', status: status() });
    });
    hastenRefused(services, workshop.refusalOf);
    await workshop.sweep();
    await recoverRuns({
      services: manager.services,
      recover: (run) => manager.recover(run),
      sweepLeftovers,
    });
    const going = Promise.all([platform.start(loops.signal), sources.start(loops.signal)]);
    closers.push(
      watchSleep({
        now,
        monotonic: () => performance.now(),
        onJump: (jumpMs) => {
          log.info('Machine slept, or its clock was moved', { jumpMs: Math.round(jumpMs) });
          platform.catalogue.poke();
          if (jumpMs < 0) courtesy.shift(jumpMs);
          courtesy.rouse();
          sources.wake(jumpMs);
          hold.wakeUp();
          hold.expire();
        },
      }),
    );
    closers.push(async () => {
      hold.close();
      loops.abort();
      closing.abort();
      manager.dropUntaken();
      await going;
      await manager.whenIdle();
      await services.preparer.whenIdle();
      await services.sandbox.stop(0);
      log.info('Agent ended');
    });
    return {
      handlers,
      untilDone: ({ giveUpAfterMs }) => {
        const comeBack = courtesy.standAside();
        return untilDone({
          giveUpAfterMs,
          onPoll: sources.onPoll,
          onRun: (listener) => {
            runListeners.add(listener);
            return () => runListeners.delete(listener);
          },
          connection: () => platform.client.connection(),
          liveRuns: () => manager.list().length,
          isRobotRunning: () => manager.list().some(({ run }) => run.state === 'running'),
          nextTries: () => journal.host.listNextTries(),
          isRegistered: () => platform.registration.status() !== null,
          pokeInbox: () => sources.poke(),
          now,
          sleep: (milliseconds) => delay(milliseconds),
        }).finally(comeBack);
      },
      drain: async () => {
        hold.drain();
        manager.dropUntaken();
        await manager.whenIdle();
      },
      cancelAll: async () => {
        manager.cancelAll();
        await manager.whenIdle();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
