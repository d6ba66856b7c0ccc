import { AgentError, toAgentError } from '../../shared/errors.ts';
import type { RobotSettings, Settings } from '../../shared/settings.ts';
import type { RobotState, RobotView } from '../../shared/status.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import type { OpenDownload } from '../packages/download.ts';
import type { Manifest } from '../packages/manifest.ts';
import type { PackageStore } from '../packages/package-store.ts';
import type { Environment, EnvironmentStore, PostInstallFolders } from '../runtimes/environment-store.ts';
import type { InstalledRuntime, RuntimeStore } from '../runtimes/runtime-store.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';

/** A robot's revision, ready to run. A run keeps the one it started with. */
export interface PreparedRobot {
  robotId: string;
  revision: string;
  manifest: Manifest;
  environment: Environment;
  /** Said in each run's log: unknown keys of the manifest, another runtime than the one asked for. */
  warnings: string[];
}

export interface PrepareProgress {
  robotCode: string;
  /** "downloading the package", "post-install: Install dependencies" … */
  step: string;
  bytes: number | null;
  totalBytes: number | null;
}

export interface RobotPreparerOptions {
  packages: PackageStore;
  runtimes: RuntimeStore;
  environments: EnvironmentStore;
  openRobotSource: (robotId: string) => OpenDownload;
  /** The variables that post-install sees. */
  postInstallVariables: (robot: CatalogueRobot, folders: PostInstallFolders) => Record<string, string>;
  settingsFor: (robotCode: string) => Settings & RobotSettings;
  log: AgentLog;
  onProgress: (progress: PrepareProgress) => void;
  /** A robot's state or what is known of it changed. */
  onChange: (view: RobotView) => void;
  /** A robot left the catalogue. */
  onRemove: (code: string) => void;
  closing: AbortSignal;
}

interface RobotEntry {
  robot: CatalogueRobot;
  state: RobotState;
  reason: string | null;
  prepared: PreparedRobot | null;
  preparing: Promise<PreparedRobot> | null;
}

/** Makes robots ready, once for all runs that wait for one, and knows the state of each. */
export class RobotPreparer {
  readonly #options: RobotPreparerOptions;
  readonly #entries = new Map<string, RobotEntry>();

  constructor(options: RobotPreparerOptions) {
    this.#options = options;
  }

  /** What is ready for this revision, without any work. */
  findPrepared(robot: CatalogueRobot): PreparedRobot | null {
    const entry = this.#entries.get(robot.id);
    return entry?.prepared?.revision === robot.revision ? entry.prepared : null;
  }

  /**
   * The robot's revision, ready. Callers that come while it is being made wait for the same making, which goes
   * on when one of them leaves.
   * @throws AgentError of package blame (PACKAGE_*, MANIFEST_INVALID, RUNTIME_UNAVAILABLE, POST_INSTALL_FAILED)
   *   or of host blame; INTERRUPTED when `signal` aborts
   */
  async prepare(robot: CatalogueRobot, signal: AbortSignal): Promise<PreparedRobot> {
    const entry = this.#entryOf(robot);
    const ready = this.findPrepared(robot);
    if (ready && (await this.#options.environments.isUsable(ready.environment))) return ready;
    if (!entry.preparing || entry.robot.revision !== robot.revision) {
      entry.robot = robot;
      const preparing = this.#prepareAnew(entry, robot).finally(() => {
        if (entry.preparing === preparing) entry.preparing = null;
      });
      entry.preparing = preparing;
    }
    return await orAborted(entry.preparing, signal);
  }

  /** The catalogue's robots, with those that this host cannot or may not run. */
  setCatalogue(robots: readonly CatalogueRobot[]): void {
    const present = new Set(robots.map((robot) => robot.id));
    for (const [id, entry] of this.#entries) {
      if (present.has(id)) continue;
      this.#entries.delete(id);
      this.#options.onRemove(entry.robot.code);
    }
    for (const robot of robots) {
      const entry = this.#entryOf(robot);
      const changed = entry.robot.revision !== robot.revision;
      entry.robot = robot;
      if (robot.state !== 'unprepared') this.#setState(entry, robot.state, robot.reason);
      else if (changed || entry.state === 'excluded' || entry.state === 'unsupported')
        this.#setState(entry, entry.preparing ? 'preparing' : 'unprepared', null);
      else this.#options.onChange(viewOf(entry));
    }
  }

  views(): RobotView[] {
    return [...this.#entries.values()]
      .map(viewOf)
      .sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
  }

  async #prepareAnew(entry: RobotEntry, robot: CatalogueRobot): Promise<PreparedRobot> {
    this.#setState(entry, 'preparing', null);
    try {
      const prepared = await this.#steps(entry, robot);
      entry.prepared = prepared;
      this.#setState(entry, 'ready', null);
      return prepared;
    } catch (thrown) {
      const error = toAgentError(thrown);
      const unsupported = error.code === 'HOST_ARCHITECTURE' || error.code === 'HOST_ARCHIVE_FORMAT';
      this.#setState(entry, unsupported ? 'unsupported' : 'failed', error.message);
      this.#options.log.warn('Robot could not be prepared', {
        robot: robot.code,
        revision: robot.revision,
        code: error.code,
        message: error.message,
      });
      throw error;
    }
  }

  async #steps(entry: RobotEntry, robot: CatalogueRobot): Promise<PreparedRobot> {
    const { packages, runtimes, environments, closing, log } = this.#options;
    const settings = this.#options.settingsFor(robot.code);
    const warnings: string[] = [];
    const warn = (message: string) => {
      warnings.push(message);
    };
    if (robot.sourceFile === null) {
      throw new AgentError('HOST_ARCHITECTURE', `${robot.code} has no package that this version can run.`);
    }
    const unpacked = await packages.ensurePackage({
      robotId: robot.id,
      robotCode: robot.code,
      sourceFile: robot.sourceFile,
      open: this.#options.openRobotSource(robot.id),
      signal: closing,
      onProgress: (progress) => this.#progress(entry, 'downloading the package', progress),
      warn,
    });
    warnings.push(...unpacked.warnings);
    const installed: InstalledRuntime[] = [];
    for (const kind of ['python', 'nodejs'] as const) {
      const version = unpacked.manifest.tools[kind];
      if (version === undefined) continue;
      const runtime = await runtimes.ensureRuntime({
        robotId: robot.id,
        kind,
        version,
        signal: closing,
        onProgress: (progress) => this.#progress(entry, `downloading ${nameOf(kind)} ${version}`, progress),
      });
      checkVersion(kind, version, runtime.version, settings.runtimeMismatch, warn);
      installed.push(runtime);
    }
    const environment = await environments.ensureEnvironment({
      packageDigest: unpacked.digest,
      packageDir: unpacked.dir,
      manifest: unpacked.manifest,
      runtimes: installed,
      variables: (folders) => this.#options.postInstallVariables(robot, folders),
      signal: closing,
      onStep: (step) => this.#progress(entry, step.name, { bytes: null, totalBytes: null }),
      log: (line) => log.debug('Preparing', { robot: robot.code, line }),
      warn,
    });
    return {
      robotId: robot.id,
      revision: robot.revision,
      manifest: unpacked.manifest,
      environment,
      warnings,
    };
  }

  #progress(
    entry: RobotEntry,
    step: string,
    progress: { bytes: number | null; totalBytes: number | null },
  ): void {
    const reason = `${step}${howFar(progress)}`;
    // A chunk that moves nothing a person would see is nobody's news.
    if (entry.reason === reason) return;
    entry.reason = reason;
    this.#options.onProgress({ robotCode: entry.robot.code, step, ...progress });
  }

  #entryOf(robot: CatalogueRobot): RobotEntry {
    let entry = this.#entries.get(robot.id);
    if (!entry) {
      entry = { robot, state: 'unprepared', reason: null, prepared: null, preparing: null };
      this.#entries.set(robot.id, entry);
    }
    return entry;
  }

  #setState(entry: RobotEntry, state: RobotState, reason: string | null): void {
    entry.state = state;
    entry.reason = reason;
    this.#options.onChange(viewOf(entry));
  }
}

function viewOf(entry: RobotEntry): RobotView {
  const { robot, prepared } = entry;
  const known = prepared?.revision === robot.revision ? prepared : null;
  return {
    id: robot.id,
    code: robot.code,
    name: robot.name,
    revision: robot.revision,
    state: entry.state,
    reason: entry.reason,
    operations: known?.manifest.operations.map((operation) => operation.name) ?? [],
    runtimes: { ...known?.environment.runtimes },
  };
}

/** ` 43 %`; of a size that is not known, whole megabytes. */
function howFar({ bytes, totalBytes }: { bytes: number | null; totalBytes: number | null }): string {
  if (bytes === null) return '';
  return totalBytes ? ` ${Math.floor((100 * bytes) / totalBytes)} %` : ` ${Math.floor(bytes / 1e6)} MB`;
}

function nameOf(kind: 'python' | 'nodejs'): string {
  return kind === 'python' ? 'Python' : 'Node.js';
}

/** `3.11` asked and 3.11.7 installed is no difference; 3.11.4 and 3.11.7 is. */
function checkVersion(
  kind: 'python' | 'nodejs',
  asked: string,
  installed: string,
  policy: 'warn' | 'refuse',
  warn: (message: string) => void,
): void {
  if (installed === asked || installed.startsWith(`${asked}.`)) return;
  const message = `kubot.yaml asks for ${nameOf(kind)} ${asked}; the platform served ${installed}.`;
  if (policy === 'refuse') {
    throw new AgentError(
      'RUNTIME_UNAVAILABLE',
      `${message} This host refuses substitutes (runtimeMismatch).`,
    );
  }
  warn(message);
}

/** Waits for `work`, or leaves it to go on when `signal` aborts. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () =>
      reject(new AgentError('INTERRUPTED', 'The wait for the robot to be prepared was ended.'));
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
