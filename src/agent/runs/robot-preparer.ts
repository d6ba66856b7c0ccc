import { AgentError, type ErrorCode, toAgentError } from '../../shared/errors.ts';
import type { DecisionKind } from '../../shared/run.ts';
import type { RobotState, RobotView } from '../../shared/status.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import { type PreparedRobot, type PrepareParts, prepareRobot, type StepProgress } from './prepare-robot.ts';

export interface PrepareProgress extends StepProgress {
  robotCode: string;
  /** "downloading the package", "post-install: Install dependencies" … */
  step: string;
}

export interface RobotPreparerOptions extends PrepareParts {
  /** Why this host will never run the robot as it is set up; null: nothing is known against it. */
  refusalOf: (robotCode: string) => string | null;
  onProgress: (progress: PrepareProgress) => void;
  /** A robot's state or what is known of it changed. */
  onChange: (view: RobotView) => void;
  /** A robot left the catalogue. */
  onRemove: (code: string) => void;
  /** What was found out about a robot, for whoever asks why it does not run. */
  decide: (robotId: string, decision: { decision: DecisionKind; code: string; message: string }) => void;
  /** Preparing showed that this host can never run one of the robots. */
  onImpossible: () => void;
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
const IMPOSSIBLE: ReadonlySet<ErrorCode> = new Set([
  'HOST_ARCHITECTURE',
  'HOST_ARCHIVE_FORMAT',
  'POLICY_REFUSED',
]);

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

  /** Folders that the next runs of the robots need. */
  places(): string[] {
    return [...this.#entries.values()].flatMap(({ prepared }) => prepared?.places ?? []);
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
      const prepared = await prepareRobot(robot, this.#options, (step, progress) =>
        this.#progress(entry, robot, step, progress),
      );
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
        decision: error.blame === 'package' || error.code === 'POLICY_REFUSED' ? 'refused' : 'postponed',
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

  #progress(entry: RobotEntry, robot: CatalogueRobot, step: string, progress: StepProgress): void {
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
    signature: known?.signature ?? null,
  };
}

/** ` 43 %`; of a size that is not known, whole megabytes. */
function howFar({ bytes, totalBytes }: StepProgress): string {
  if (bytes === null) return '';
  return totalBytes ? ` ${Math.floor((100 * bytes) / totalBytes)} %` : ` ${Math.floor(bytes / 1e6)} MB`;
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
