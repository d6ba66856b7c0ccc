import { isAgentError, toAgentError } from '../../shared/errors.ts';
import type { RobotState } from '../../shared/status.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import type { Robot, RobotSourceFile, RobotSummary } from '../kuflow/robot.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import { Poke } from '../sources/poke.ts';

/** A robot that is READY on the platform. */
export interface CatalogueRobot {
  id: string;
  code: string;
  name: string;
  tenantId: string | null;
  /** Names one content of its package. */
  revision: string;
  sourceType: Robot['sourceType'];
  /** null where there is nothing to run, and for robots that the filter excludes. */
  sourceFile: RobotSourceFile | null;
  /** May hold secrets: never logged. */
  environmentVariables: Record<string, string>;
  /** `unprepared`, or why this host leaves it alone whatever comes of preparing. */
  state: Extract<RobotState, 'unprepared' | 'excluded' | 'unsupported'>;
  reason: string | null;
}

export interface CatalogueChange {
  added: CatalogueRobot[];
  /** Another revision, other variables, another name or state. */
  changed: CatalogueRobot[];
  removed: CatalogueRobot[];
}

export interface RobotCatalogueOptions {
  client: Pick<KuFlowClient, 'findRobots' | 'retrieveRobot'>;
  tenantId: string | null;
  /** Ids or codes; empty: all. */
  filter: readonly string[];
  refreshMs?: number;
  /** After each refresh that changed something, and after the first. */
  onChange: (change: CatalogueChange) => void;
  log: AgentLog;
  /** Waits at most so long; returns early when `signal` aborts. */
  wait?: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

const REFRESH_MS = 60_000;
/** The worker registers once the robots are known, so a long list is not read one by one. */
const READS_AT_ONCE = 8;
/** Until the first list is here the host can do nothing, so it is asked for more often. */
const FIRST_RETRY_MS = 2000;

/** The platform's READY robots, looked up again and again. A list that could not be read leaves the last one. */
export class RobotCatalogue {
  readonly #options: RobotCatalogueOptions;
  readonly #poke = new Poke();
  /** What was read of each robot, with the time of change it was read at. */
  #known = new Map<string, { robot: CatalogueRobot; lastModifiedAt: string | null }>();
  #loaded = false;

  constructor(options: RobotCatalogueOptions) {
    this.#options = options;
  }

  /** True once the platform's list was read. */
  get loaded(): boolean {
    return this.#loaded;
  }

  /** Every READY robot, with those that this host leaves alone. */
  all(): CatalogueRobot[] {
    return [...this.#known.values()].map(({ robot }) => robot);
  }

  /** Those that this host may run. */
  served(): CatalogueRobot[] {
    return this.all().filter(({ state }) => state === 'unprepared');
  }

  /** Looks again at once. */
  poke(): void {
    this.#poke.poke();
  }

  /** Refreshes until `signal` aborts. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { log, refreshMs = REFRESH_MS, wait = this.#poke.wait } = this.#options;
    log.debug('Catalogue refresh started', { refreshMs });
    while (!signal.aborted) {
      try {
        await this.refresh(signal);
      } catch (thrown) {
        if (signal.aborted) break;
        const { code, message } = toAgentError(thrown);
        log.debug('Catalogue could not be refreshed', { code, message });
      }
      await wait(this.#loaded ? refreshMs : Math.min(FIRST_RETRY_MS, refreshMs), signal);
    }
    log.debug('Catalogue refresh ended', {});
  }

  /**
   * Reads the list, and each robot that changed since it was read.
   * @throws AgentError as the client does; the catalogue is then as it was
   */
  async refresh(signal: AbortSignal): Promise<void> {
    const { client, tenantId, onChange, log } = this.#options;
    const summaries = await client.findRobots({ context: 'READY', tenantId, signal });
    const next = new Map<string, { robot: CatalogueRobot; lastModifiedAt: string | null }>();
    for (let at = 0; at < summaries.length; at += READS_AT_ONCE) {
      const few = summaries.slice(at, at + READS_AT_ONCE);
      const robots = await Promise.all(few.map((summary) => this.#read(summary, signal)));
      for (const [index, { id, lastModifiedAt }] of few.entries()) {
        const robot = robots[index];
        if (robot) next.set(id, { robot, lastModifiedAt });
      }
    }
    const before = this.all();
    const first = !this.#loaded;
    this.#known = next;
    this.#loaded = true;
    const change = compareCatalogues(before, this.all());
    const { added, changed, removed } = change;
    if (!first && added.length + changed.length + removed.length === 0) return;
    log.info('Catalogue changed', { added: codes(added), changed: codes(changed), removed: codes(removed) });
    onChange(change);
  }

  async #read(summary: RobotSummary, signal: AbortSignal): Promise<CatalogueRobot | null> {
    const { client, filter, log } = this.#options;
    if (!passesFilter(summary, filter)) return excludedRobot(summary);
    const known = this.#known.get(summary.id);
    if (known && summary.lastModifiedAt !== null && known.lastModifiedAt === summary.lastModifiedAt) {
      return known.robot;
    }
    try {
      return catalogueRobot(await client.retrieveRobot(summary.id, { signal }));
    } catch (error) {
      // It was taken away between the list and this look.
      if (!isAgentError(error) || error.code !== 'PLATFORM_REFUSED') throw error;
      log.warn('Robot of the list could not be read', { robot: summary.code, message: error.message });
      return null;
    }
  }
}

/** True where the setting robotFilter lets a robot through: by id or code, or when it names none. */
export function passesFilter(robot: { id: string; code: string }, filter: readonly string[]): boolean {
  return filter.length === 0 || filter.includes(robot.id) || filter.includes(robot.code);
}

/** What names the content of a robot's package; where there is no hash, each change of the robot counts. */
export function revisionOf(robot: Pick<Robot, 'id' | 'sourceFile' | 'lastModifiedAt'>): string {
  return robot.sourceFile?.contentHash || `${robot.id}@${robot.lastModifiedAt ?? 'unknown'}`;
}

/** What came, changed and went from one list to the next. */
export function compareCatalogues(
  before: readonly CatalogueRobot[],
  after: readonly CatalogueRobot[],
): CatalogueChange {
  const old = new Map(before.map((robot) => [robot.id, robot]));
  const present = new Set(after.map(({ id }) => id));
  return {
    added: after.filter(({ id }) => !old.has(id)),
    changed: after.filter((robot) => {
      const known = old.get(robot.id);
      return known !== undefined && JSON.stringify(known) !== JSON.stringify(robot);
    }),
    removed: before.filter(({ id }) => !present.has(id)),
  };
}

function catalogueRobot(robot: Robot): CatalogueRobot {
  const { id, code, name, tenantId, sourceType, sourceFile, environmentVariables } = robot;
  const supported = sourceType === 'PACKAGE' && sourceFile !== null;
  return {
    id,
    code,
    name,
    tenantId,
    revision: revisionOf(robot),
    sourceType,
    sourceFile,
    environmentVariables,
    state: supported ? 'unprepared' : 'unsupported',
    reason: supported ? null : 'Its source is not a package that this version can run.',
  };
}

function excludedRobot(summary: RobotSummary): CatalogueRobot {
  const { id, code, name, tenantId, lastModifiedAt } = summary;
  return {
    id,
    code,
    name,
    tenantId,
    revision: revisionOf({ id, sourceFile: null, lastModifiedAt }),
    sourceType: 'PACKAGE',
    sourceFile: null,
    environmentVariables: {},
    state: 'excluded',
    reason: 'robotFilter does not name it.',
  };
}

const codes = (robots: CatalogueRobot[]) => robots.map(({ code }) => code);
