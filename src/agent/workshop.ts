import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from './config/agent-config.ts';
import { proxyVariables } from './config/apply-network-settings.ts';
import { createGateway } from './gateway/gateway.ts';
import { writeTrustBundle } from './gateway/trust-bundle.ts';
import { createUpstreamAgent } from './gateway/upstream.ts';
import type { HomePaths } from './home/home-paths.ts';
import type { Journal } from './journal/open-journal.ts';
import type { AgentLog } from './logs/agent-log.ts';
import { createPackageStore } from './packages/package-store.ts';
import type { PlatformLink } from './platform-link.ts';
import { type Containment, detectContainment } from './process/containment.ts';
import { createRunCommand } from './process/create-run-command.ts';
import { runNodeScript } from './process/run-node-script.ts';
import { createWatchdog, type Watchdog } from './process/watchdog.ts';
import type { Decider } from './runs/decide.ts';
import { type HostIndexes, hostIndexes } from './runs/package-indexes.ts';
import { PrepareFailures } from './runs/prepare-failures.ts';
import { type PrepareProgress, RobotPreparer } from './runs/robot-preparer.ts';
import { RunVariables, requiredVariables } from './runs/variables-for-run.ts';
import { createEnvironmentStore } from './runtimes/environment-store.ts';
import { createRuntimeStore } from './runtimes/runtime-store.ts';
import { openSandbox } from './sandbox/open-sandbox.ts';
import { createStepRunner } from './sandbox/run-step.ts';

export interface WorkshopOptions {
  config: AgentConfig;
  paths: HomePaths;
  environment: Readonly<Record<string, string | undefined>>;
  /** As process.arch. */
  arch: string;
  platform: PlatformLink;
  log: AgentLog;
  now: () => number;
  closing: AbortSignal;
  /** Where bwrap is looked for; absent: where systems install it. */
  bwrapPaths?: readonly string[] | undefined;
  /** Another sandbox level is to be had now than before. */
  onSandbox: () => void;
}

/** Largest file of a package, unpacked, and the ratio above which it is a bomb (docs/security.md). */
const MAX_FILE_BYTES = 1024 ** 3;
const MAX_RATIO = 200;

/** What makes robots ready and runs them: stores, gateway, sandbox, variables. */
export async function openWorkshop(options: WorkshopOptions) {
  const { config, paths, environment, arch, platform, log, now, closing } = options;
  const { settings } = config;
  const proxy = proxyVariables(settings, environment);
  const watchdog = createWatchdog((message) => log.warn('Watchdog', { message }));
  const [containment, gateway, indexes] = await Promise.all([
    detectContainment(options.bwrapPaths).then((found) => withWatchdog(found, watchdog)),
    createGateway({
      upstream: config.endpoint,
      authorization: platform.authorization,
      certificateDir: paths.gateway,
      runNode: runNodeScript,
      agent: createUpstreamAgent(config.endpoint, {
        ...(proxy?.http_proxy !== undefined && { HTTP_PROXY: proxy.http_proxy }),
        ...(proxy?.https_proxy !== undefined && { HTTPS_PROXY: proxy.https_proxy }),
        ...(proxy !== null && { NO_PROXY: proxy.no_proxy }),
      }),
      log,
      now,
    }),
    readIndexes(config, environment),
  ]);
  const trustBundlePath = await writeTrustBundle({
    targetPath: join(paths.gateway, 'trust-bundle.pem'),
    caFiles: settings.caFile === null ? [] : [settings.caFile],
    gatewayCaPem: gateway.caCertPem,
  });
  const { sandbox, ...opened } = await openSandbox({
    config,
    environment,
    containment,
    upstreamProxy: proxy,
    bwrapPaths: options.bwrapPaths,
    onChange: () => {
      log.info('Sandbox is another now', { ...opened.status() });
      options.onSandbox();
    },
  });
  const { requested, achieved, reason } = opened.status();
  if (reason !== null) log.warn('Sandbox is less than asked for', { requested, achieved, reason });
  const runCommand = createRunCommand({ containment });
  const timeouts = {
    downloadTimeoutMs: settings.downloadTimeoutMs,
    downloadIdleTimeoutMs: settings.downloadIdleTimeoutMs,
  };
  const packages = createPackageStore({
    dir: paths.packages,
    limits: {
      maxArchiveBytes: settings.packageMaxBytes,
      maxEntries: settings.packageMaxEntries,
      maxTotalBytes: settings.packageMaxTotalBytes,
      maxFileBytes: MAX_FILE_BYTES,
      maxRatio: MAX_RATIO,
    },
    ...timeouts,
  });
  const toolVariables = requiredVariables(process.platform, environment);
  const runtimes = createRuntimeStore({
    dir: paths.runtimes,
    openAsset: (request) => platform.client.openRobotAsset(request),
    runCommand,
    limits: { maxEntries: settings.runtimeMaxEntries, maxTotalBytes: settings.runtimeMaxTotalBytes },
    localRuntimes: settings.localRuntimes,
    pipVersion: settings.pipVersion,
    toolVariables,
    platform: process.platform,
    arch,
    ...timeouts,
  });
  const environments = createEnvironmentStore({
    dir: paths.environments,
    runCommand: createStepRunner({
      sandbox,
      policyOf: opened.policyOf,
      warn: (robot, message) => log.warn('Preparing', { robot, message }),
    }),
    stepTimeoutMs: settings.postInstallTimeoutMs,
    toolVariables,
    npmrc: indexes.npmrc,
    platform: process.platform,
  });
  const variables = new RunVariables(
    {
      platform: process.platform,
      environment,
      packageIndexes: indexes.variables,
      trustBundlePath,
      cacheDir: paths.cache,
      secrets: () => platform.secrets(),
    },
    config,
  );
  return {
    sandboxStatus: opened.status,
    refusalOf: opened.refusalOf,
    retrySandbox: opened.retry,
    services: (journal: Journal, decider: Decider, onProgress: (progress: PrepareProgress) => void) => ({
      gateway,
      sandbox,
      sandboxPolicyOf: opened.policyOf,
      variables,
      hostSecrets: () => variables.hostSecrets,
      failures: new PrepareFailures(journal.host, now),
      preparer: new RobotPreparer({
        packages,
        runtimes,
        environments,
        pinnedKeys: {
          find: (code) => journal.publishers.find(code),
          pin: (code, key) => journal.publishers.pin(code, key, new Date(now()).toISOString()),
        },
        openRobotSource: (robotId) => platform.client.openRobotSource(robotId),
        postInstallVariables: (robot, folders) => variables.forPostInstall(robot, folders),
        secretsOf: (robot) => variables.secretsOf(robot).values,
        settingsFor: (code) => config.robot(code),
        refusalOf: opened.refusalOf,
        log,
        onProgress,
        onChange: (view) => journal.host.saveRobot(view),
        onRemove: (code) => journal.host.removeRobot(code),
        decide: (robotId, decision) => void decider.onRobot(robotId, decision),
        onImpossible: () => platform.registration.poke(),
        closing,
      }),
    }),
    /** Removes what a crash left half made. */
    sweep: async () => {
      await Promise.all([packages.sweep(), runtimes.sweep(), environments.sweep()]);
    },
    close: async () => {
      await gateway.close();
      watchdog.close();
    },
  };
}

/** Windows has no sweep that it could end with. */
function withWatchdog(found: Containment, watchdog: Watchdog): Containment {
  return found.kind === 'group' && process.platform !== 'win32' ? { ...found, watchdog } : found;
}

/** What pip and npm of this host are set to: read once, for a robot's own home hides their files. */
async function readIndexes(
  config: AgentConfig,
  environment: WorkshopOptions['environment'],
): Promise<HostIndexes> {
  const home = environment.HOME ?? environment.USERPROFILE ?? homedir();
  const read = async (files: readonly (string | undefined)[]) => {
    const texts = await Promise.all(
      files.map(async (file) => (file === undefined ? '' : await readFile(file, 'utf8').catch(() => ''))),
    );
    return texts.filter((text) => text !== '');
  };
  const configDir = environment.XDG_CONFIG_HOME ?? join(home, '.config');
  return hostIndexes(config.settings.packageIndexes, environment, {
    pipConfs: await read([
      '/etc/pip.conf',
      '/etc/xdg/pip/pip.conf',
      join(home, '.pip', 'pip.conf'),
      join(configDir, 'pip', 'pip.conf'),
      environment.APPDATA && join(environment.APPDATA, 'pip', 'pip.ini'),
      environment.PIP_CONFIG_FILE,
    ]),
    npmrcs: await read([
      '/etc/npmrc',
      '/usr/etc/npmrc',
      '/usr/local/etc/npmrc',
      environment.NPM_CONFIG_USERCONFIG ?? environment.npm_config_userconfig ?? join(home, '.npmrc'),
    ]),
  });
}
