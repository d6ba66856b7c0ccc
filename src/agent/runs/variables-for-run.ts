import { readFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from '../config/agent-config.ts';
import { mergeTrustBundle } from '../gateway/trust-bundle.ts';
import { findUserHome } from '../home/user-home.ts';
import { type FoundSecrets, findSecrets } from '../logs/find-secrets.ts';
import type { PostInstallFolders } from '../runtimes/environment-store.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import type { ActiveRun } from './active-run.ts';
import { type BuiltVariables, buildVariables, type VariablesInput } from './environment-variables.ts';
import { indexSecrets } from './package-indexes.ts';
import { prepareFailureKey } from './prepare-failures.ts';
import type { PreparedRobot } from './prepare-robot.ts';
import type { RunFolders } from './run-folders.ts';

export interface HostFacts {
  platform: NodeJS.Platform;
  /** The host's own environment, as the composition root read it. */
  environment: Readonly<Record<string, string | undefined>>;
  /** PIP_INDEX_URL and the like, from the host's settings. */
  packageIndexes: Readonly<Record<string, string>>;
  trustBundlePath: string;
  cacheDir: string;
  /** Of the host's own, as they are now. */
  secrets: () => readonly string[];
}

/** Windows programs cannot start without these; none of them is a person's. */
const WINDOWS_REQUIRED = [
  'SystemRoot',
  'SystemDrive',
  'ComSpec',
  'PATHEXT',
  'windir',
  'NUMBER_OF_PROCESSORS',
  'PROCESSOR_ARCHITECTURE',
] as const;
const SCREEN = ['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY', 'XDG_RUNTIME_DIR'] as const;

/** Builds the variables of runs and of post-install from what this host is. */
export class RunVariables {
  readonly #host: HostFacts;
  readonly #config: AgentConfig;

  constructor(host: HostFacts, config: AgentConfig) {
    this.#host = host;
    this.#config = config;
  }

  /** Secrets that come from the host, whatever the robot. */
  get hostSecrets(): string[] {
    const { proxy } = this.#config.settings;
    return [
      ...this.#host.secrets(),
      ...indexSecrets({ ...this.#host.packageIndexes, ...(proxy !== null && { proxy }) }),
    ];
  }

  /** What no log of this robot may show: secrets of the host, and of the robot's and the run's own variables. */
  secretsOf(robot: CatalogueRobot, extra: Readonly<Record<string, string>> = {}): FoundSecrets {
    const { secretVariables } = this.#config.robot(robot.code);
    const own = findSecrets({ ...robot.environmentVariables, ...extra }, secretVariables);
    // What the run replaces is a secret all the same.
    const replaced = findSecrets(robot.environmentVariables, secretVariables);
    return {
      values: [...new Set([...this.hostSecrets, ...own.values, ...replaced.values])],
      tooShort: own.tooShort,
    };
  }

  forPostInstall(robot: CatalogueRobot, folders: PostInstallFolders): Record<string, string> {
    const { cacheDir } = this.#host;
    return buildVariables({
      ...this.#common(robot, {}),
      system: this.#system(robot, folders.binDirs, folders.homeDir, folders.tmpDir),
      kuflow: {},
      agent: {
        ...toolFolders(folders.homeDir),
        PIP_CACHE_DIR: join(cacheDir, 'pip'),
        npm_config_cache: join(cacheDir, 'npm'),
      },
    }).variables;
  }

  /** @param access where the run reaches the API, and its token */
  async forRun(
    active: ActiveRun,
    prepared: PreparedRobot,
    folders: RunFolders,
    access: { endpoint: string; token: string; expiresAtMs: number },
  ): Promise<BuiltVariables> {
    const { run, robot, request } = active;
    const input: VariablesInput = {
      ...this.#common(robot, request.variables),
      system: this.#system(robot, prepared.environment.binDirs, this.#homeOf(robot, folders), folders.tmpDir),
      kuflow: {
        KUFLOW_API_ENDPOINT: access.endpoint,
        KUFLOW_API_TOKEN: access.token,
        KUFLOW_API_TOKEN_EXPIRE_ON: String(access.expiresAtMs),
        KUFLOW_TENANT_ID: this.#config.tenantId ?? robot.tenantId ?? '',
        ...(run.processId !== null && { KUFLOW_PROCESS_ID: run.processId }),
        ...(run.taskId !== null && { KUFLOW_TASK_ID: run.taskId }),
        KUFLOW_ROBOT_ID: robot.id,
        KUFLOW_ROBOT_OPERATION: run.operation ?? '',
        KUFLOW_ROBOT_HOME_PATH: folders.workDir,
        KUFLOW_EXECUTION_OUTDIR: folders.outDir,
      },
      agent: { KUBOT_RUN_ID: run.id, ...toolFolders(folders.homeDir) },
    };
    const built = buildVariables(input);
    return built.extraCaFiles.length === 0 ? built : await withOwnBundle(built, input, folders);
  }

  /** What a post-install failure of this robot is remembered by. */
  failureKey(robot: CatalogueRobot): string {
    return prepareFailureKey({
      robotId: robot.id,
      revision: robot.revision,
      variables: robot.environmentVariables,
      settings: [
        this.#config.settings.packageIndexes,
        this.#config.settings.proxy,
        this.#config.settings.caFile,
      ],
    });
  }

  /** A robot that is meant to work in the person's real home says so in the settings. */
  #homeOf(robot: CatalogueRobot, folders: RunFolders): string {
    return this.#config.robot(robot.code).homeMode === 'user' ? findUserHome() : folders.homeDir;
  }

  #common(robot: CatalogueRobot, extra: Record<string, string>) {
    const { proxy, noProxy } = this.#config.settings;
    return {
      trustBundlePath: this.#host.trustBundlePath,
      proxy,
      noProxy,
      packageIndexes: this.#host.packageIndexes,
      robot: robot.environmentVariables,
      extra,
    };
  }

  #system(
    robot: CatalogueRobot,
    binDirs: string[],
    homeDir: string,
    tmpDir: string,
  ): VariablesInput['system'] {
    const { platform, environment } = this.#host;
    const settings = this.#config.robot(robot.code);
    const seesScreen = settings.desktop === true || settings.gui === 'host';
    return {
      platform,
      binDirs,
      homeDir,
      tmpDir,
      userName: findUserName(),
      timeZone: environment.TZ ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
      required: requiredVariables(platform, environment),
      screen: seesScreen ? pick(environment, SCREEN) : {},
    };
  }
}

/** A container may run us under a number that has no name; programs want some. */
function findUserName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'user');
  }
}

/** What programs of this system cannot start without. */
export function requiredVariables(
  platform: NodeJS.Platform,
  environment: HostFacts['environment'],
): Record<string, string> {
  return platform === 'win32' ? pick(environment, WINDOWS_REQUIRED) : {};
}

/** Where tools keep what they download, inside the home that post-install leaves to runs. */
function toolFolders(homeDir: string) {
  return {
    XDG_CACHE_HOME: join(homeDir, '.cache'),
    PLAYWRIGHT_BROWSERS_PATH: join(homeDir, '.cache', 'ms-playwright'),
  };
}

async function withOwnBundle(
  built: BuiltVariables,
  input: VariablesInput,
  folders: RunFolders,
): Promise<BuiltVariables> {
  const pems: string[] = [];
  const warnings = [...built.warnings];
  for (const file of built.extraCaFiles) {
    const pem = await readFile(join(folders.workDir, file), 'utf8').catch(() =>
      readFile(file, 'utf8').catch(() => null),
    );
    if (pem === null)
      warnings.push(`The CA file ${file} that the robot names cannot be read; it was left out.`);
    else pems.push(pem);
  }
  if (pems.length === 0) return { ...built, warnings };
  const { path } = await mergeTrustBundle(
    input.trustBundlePath,
    pems,
    join(folders.tmpDir, 'trust-bundle.pem'),
  );
  return { ...buildVariables({ ...input, trustBundlePath: path }), warnings };
}

function pick(environment: HostFacts['environment'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
}
