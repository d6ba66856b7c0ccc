import { AgentError, type ErrorCode, toAgentError } from '../../shared/errors.ts';
import type { DecisionKind } from '../../shared/run.ts';
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
  /** Why this host will never run the robot as it is set up; null: nothing is known against it. */
  refusalOf: (robotCode: string) => string | null;
  log: AgentLog;
  onProgress: (progress: PrepareProgress) => void;
  /** A robot's state or what is known of it changed. */
  onChange: (view: RobotView) => void;
  /** A robot left the catalogue. */
  onRemove: (code: string) => void;
  /** What was found out about a robot, for whoever asks why it does not run. */
  decide: (robotId: string, decision: { decision: DecisionKind; code: string; message: string }) => void;
  /** Preparing showed that this host can never run one of the robots. */
  onImpossible: () => void;
  closing: AbortSignal;
}

interface RobotEntry {
  /** As the catalogue has it now; the state is that of this revision. */
  robot: CatalogueRobot;
  state: RobotState;
  reason: string | null;
  prepared: PreparedRobot | null;
  preparing: { revision: string; work: Promise<PreparedRobot> } | null;
}

/** Failures that show that this host can never run the robot. */
const IMPOSSIBLE: ReadonlySet<ErrorCode> = new Set(['HOST_ARCHITECTURE', 'HOST_ARCHIVE_FORMAT']);

/** Makes robots ready, once for all runs that wait for one, and knows the state of each. */
export class RobotPreparer {
  readonly #options: RobotPreparerOptions;
  readonly #entries = new Map<string, RobotEntry>();
  readonly #works = new Set<Promise<unknown>>();

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
    const { preparing } = entry;
    const work = preparing?.revision === robot.revision ? preparing.work : this.#begin(entry, robot);
    return await orAborted(work, signal);
  }

  /** False for a robot that this host is known never to run. */
  isPossible(robotId: string): boolean {
    return this.#entries.get(robotId)?.state !== 'unsupported';
  }

  /** Resolves when nothing is being prepared. */
  async whenIdle(): Promise<void> {
    await Promise.allSettled(this.#works);
  }

  /** The catalogue's robots, with those that this host cannot or may not run. */
  setCatalogue(robots: readonly CatalogueRobot[]): void {
    const present = new Set(robots.map((robot) => robot.id));
    for (const [id, entry] of this.#entries) {
      if (present.has(id)) continue;
      this.#entries.delete(id);
      this.#options.onRemove(entry.robot.code);
    }
    for (const robot of robots) this.#update(robot);
  }

  views(): RobotView[] {
    return [...this.#entries.values()]
      .map(viewOf)
      .sort((a, b) => (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
  }

  /** Takes over what the catalogue says of a robot now. */
  #update(robot: CatalogueRobot): void {
    const entry = this.#entryOf(robot);
    const { robot: before, preparing } = entry;
    entry.robot = robot;
    if (before.code !== robot.code) this.#options.onRemove(before.code);
    const refusal = this.#options.refusalOf(robot.code);
    if (robot.state !== 'unprepared') this.#leaveAlone(entry, robot.state, robot.reason ?? '');
    else if (refusal !== null) this.#leaveAlone(entry, 'unsupported', refusal);
    else if (before.state !== robot.state || before.revision !== robot.revision || isRenewed(entry, before))
      this.#setState(entry, preparing?.revision === robot.revision ? 'preparing' : 'unprepared', null);
    else this.#options.onChange(viewOf(entry));
  }

  #leaveAlone(entry: RobotEntry, state: 'excluded' | 'unsupported', reason: string): void {
    const code = state === 'excluded' ? 'ROBOT_EXCLUDED' : 'ROBOT_UNSUPPORTED';
    this.#options.decide(entry.robot.id, { decision: 'skipped', code, message: reason });
    this.#setState(entry, state, reason);
  }

  #begin(entry: RobotEntry, robot: CatalogueRobot): Promise<PreparedRobot> {
    const work = this.#prepareAnew(entry, robot).finally(() => {
      this.#works.delete(work);
      if (entry.preparing?.work === work) entry.preparing = null;
    });
    this.#works.add(work);
    entry.preparing = { revision: robot.revision, work };
    return work;
  }

  async #prepareAnew(entry: RobotEntry, robot: CatalogueRobot): Promise<PreparedRobot> {
    // What becomes of a revision that the catalogue has no more is nobody's state.
    const become = (state: RobotState, reason: string | null) => {
      if (entry.robot.revision === robot.revision) this.#setState(entry, state, reason);
    };
    become('preparing', null);
    try {
      const prepared = await this.#steps(entry, robot);
      if (entry.robot.revision === robot.revision) entry.prepared = prepared;
      become('ready', null);
      this.#options.decide(robot.id, {
        decision: 'taken',
        code: 'PREPARED',
        message: `Revision ${robot.revision} is ready to run.`,
      });
      return prepared;
    } catch (thrown) {
      const error = toAgentError(thrown);
      if (error.code === 'INTERRUPTED') {
        become('unprepared', null);
        throw error;
      }
      become(IMPOSSIBLE.has(error.code) ? 'unsupported' : 'failed', error.message);
      this.#options.decide(robot.id, {
        decision: error.blame === 'package' ? 'refused' : 'postponed',
        code: error.code,
        message: `Revision ${robot.revision} could not be prepared: ${error.message}`,
      });
      if (IMPOSSIBLE.has(error.code)) this.#options.onImpossible();
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
      onProgress: (progress) => this.#progress(entry, robot, 'downloading the package', progress),
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
        onProgress: (progress) =>
          this.#progress(entry, robot, `downloading ${nameOf(kind)} ${version}`, progress),
        warn,
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
      onStep: (step) => this.#progress(entry, robot, step.name, { bytes: null, totalBytes: null }),
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
    robot: CatalogueRobot,
    step: string,
    progress: { bytes: number | null; totalBytes: number | null },
  ): void {
    const reason = `${step}${howFar(progress)}`;
    // A chunk that moves nothing a person would see is nobody's news.
    if (entry.reason === reason || entry.robot.revision !== robot.revision) return;
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

/** It failed, and what post-install sees is another thing now. */
function isRenewed({ state, robot }: RobotEntry, before: CatalogueRobot): boolean {
  return (
    state === 'failed' &&
    JSON.stringify(before.environmentVariables) !== JSON.stringify(robot.environmentVariables)
  );
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
