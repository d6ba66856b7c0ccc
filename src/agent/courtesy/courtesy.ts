import type { Courtesy as CourtesyView, Screen } from '../../shared/courtesy.ts';
import { AgentError } from '../../shared/errors.ts';
import type { CourtesyRecord } from '../journal/host-records.ts';
import { Poke } from '../sources/poke.ts';
import {
  type CourtesyRules,
  type CourtesyVerdict,
  explainCourtesy,
  judgeCourtesy,
  type Person,
  type Postponement,
  postponableUntil,
} from './judge-courtesy.ts';

export interface CourtesyOptions {
  readonly records: {
    loadCourtesy(): CourtesyRecord | null;
    saveCourtesy(record: CourtesyRecord): void;
  };
  readonly rulesOf: (robotCode: string) => CourtesyRules;
  /** Some robot drives the screen, by the settings. */
  readonly hasDesktopRobots: boolean;
  /** What the system itself says. */
  readonly isPresenting: () => boolean;
  readonly now: () => number;
  /** What clients are shown is another now. */
  readonly onChange: () => void;
  /** Aborts when the agent goes down: whoever leaves then has not left the host. */
  readonly closing: AbortSignal;
}

/** A run that drives the screen, from its wish to begin until it does. */
export interface GuestRun {
  readonly id: string;
  readonly taskId: string | null;
  readonly robot: { readonly code: string };
  readonly operation: string | null;
}

type Shown = Exclude<CourtesyVerdict, { kind: 'start' }>;

/** A run at the door. */
export interface Guest {
  judge(): CourtesyVerdict;
  /** What the person is shown of it: a countdown begins with its first showing. null: nothing, it waits elsewhere. */
  show(verdict: Shown | null): void;
  /** Until something changed, or it is time to look again; returns at once when `signal` aborts. */
  untilChange(untilMs: number | null, signal: AbortSignal): Promise<void>;
  /** @param hasBegun it drives the screen now, so that the next one may be put off anew */
  leave(hasBegun: boolean): void;
}

interface Entry {
  readonly run: GuestRun;
  announcedAtMs: number | null;
  isAskedFor: boolean;
  shown: Shown | null;
}

/** So long somebody who was here is waited for: shells restart, and so do agents. */
export const RETURN_MS = 15_000;
/** Whoever waits looks at least this often: clocks jump, and the system tells of a presentation only when asked. */
const LOOK_MS = 1000;

/** Who sits at this host, what they said, and which runs wait for them. */
export class Courtesy {
  readonly #options: CourtesyOptions;
  readonly #screens = new Set<Screen>();
  readonly #guests = new Map<string, Entry>();
  readonly #poke = new Poke();
  #postponement: Postponement | null;
  #awaitedUntilMs: number;
  #asides = 0;
  #told = 'null';

  constructor(options: CourtesyOptions) {
    this.#options = options;
    const record = options.records.loadCourtesy();
    this.#postponement = record?.postponement ?? null;
    this.#awaitedUntilMs = record?.isHere ? options.now() + RETURN_MS : 0;
  }

  /** A person is here until `signal` aborts. */
  async *presence(screen: Screen, signal: AbortSignal): AsyncGenerator<{ since: string }> {
    const { now, closing } = this.#options;
    const own = { ...screen };
    this.#screens.add(own);
    if (this.#screens.size === 1) this.#save();
    this.#changed();
    try {
      yield { since: new Date(now()).toISOString() };
      await untilAborted(signal);
    } finally {
      this.#screens.delete(own);
      if (this.#screens.size === 0 && !closing.aborted) {
        this.#awaitedUntilMs = now() + RETURN_MS;
        this.#save();
      }
      this.#changed();
    }
  }

  admit(run: GuestRun): Guest {
    // A postponement that is over counts no more once nothing waits for it.
    if (this.#guests.size === 0 && (this.#postponement?.untilMs ?? Infinity) <= this.#options.now())
      this.#postpone(null);
    const entry: Entry = { run, announcedAtMs: null, isAskedFor: false, shown: null };
    this.#guests.set(run.id, entry);
    return {
      judge: () => this.#judge(entry),
      show: (verdict) => {
        entry.announcedAtMs =
          verdict?.kind === 'count-down'
            ? (entry.announcedAtMs ??
              verdict.untilMs - this.#options.rulesOf(run.robot.code).courtesyCountdownMs)
            : null;
        entry.shown = verdict;
        this.#changed({ quietly: true });
      },
      untilChange: (untilMs, signal) => {
        const leftMs = untilMs === null ? LOOK_MS : untilMs - this.#options.now();
        return this.#poke.wait(Math.max(0, Math.min(leftMs, LOOK_MS)), signal);
      },
      leave: (hasBegun) => {
        this.#guests.delete(run.id);
        if (hasBegun) this.#postpone(null);
        this.#changed();
      },
    };
  }

  /**
   * Puts off the run that is next, and every other one that drives the screen.
   * @throws AgentError CONFLICT when it waits for nobody, or cannot be put off any longer
   */
  postpone(runId: string, forMs: number): void {
    const { now, rulesOf } = this.#options;
    const { run } = this.#find(runId);
    const limitMs = postponableUntil({
      rules: rulesOf(run.robot.code),
      postponement: this.#postponement,
      nowMs: now(),
    });
    if (limitMs === null) {
      throw new AgentError('CONFLICT', `${run.robot.code} cannot be put off any longer.`, {
        hint: 'Stop it with: kubot cancel RUN. How long robots may be put off is the setting courtesyPostponeMaxMs.',
      });
    }
    const sinceMs = this.#postponement?.sinceMs ?? now();
    this.#postpone({ untilMs: Math.min(now() + forMs, limitMs), sinceMs });
    this.#changed();
  }

  /** @throws AgentError CONFLICT when it waits for nobody */
  startNow(runId: string): void {
    this.#find(runId).isAskedFor = true;
    this.#changed();
  }

  /** Whoever works until no work is left waits for nobody. @returns how to be courteous again */
  standAside(): () => void {
    this.#asides++;
    this.#changed();
    return () => {
      this.#asides--;
      this.#changed();
    };
  }

  /** Something that a run at the door would want to know of. */
  rouse(): void {
    this.#poke.poke();
  }

  /** By a clock that was put back, what was put off would be that much later. */
  shift(jumpMs: number): void {
    if (this.#postponement === null) return;
    const { untilMs, sinceMs } = this.#postponement;
    this.#postpone({ untilMs: untilMs + jumpMs, sinceMs: sinceMs + jumpMs });
  }

  /** Why a further run of this robot would only wait behind the one that waits already; null: it would not. */
  reasonAgainst(robotCode: string): { code: string; message: string } | null {
    if (this.waiting === 0) return null;
    const verdict = this.#verdictFor(robotCode, null, false);
    return verdict.kind === 'wait' ? explainCourtesy(verdict) : null;
  }

  /** Whether a run waits for the person, without a slot. */
  isWaiting(runId: string): boolean {
    return this.#guests.get(runId)?.shown?.kind === 'wait';
  }

  /** How many do. */
  get waiting(): number {
    return [...this.#guests.keys()].filter((runId) => this.isWaiting(runId)).length;
  }

  /** What clients are shown; null: nobody is here, and nothing waits for anybody. */
  get view(): CourtesyView | null {
    const person = this.#person();
    const shown = [...this.#guests.values()].flatMap((entry) => {
      const verdict = this.#shownNow(entry);
      return verdict === null ? [] : [{ run: entry.run, verdict }];
    });
    const next = shown.find(({ verdict }) => verdict.kind === 'count-down') ?? shown[0];
    if (person.name !== 'here' && next === undefined) return null;
    const nowMs = this.#options.now();
    const isPostponed = this.#postponement !== null && this.#postponement.untilMs > nowMs;
    return {
      desktopRobots: this.#options.hasDesktopRobots,
      locked: person.name === 'here' && person.locked,
      presenting: person.name === 'here' && person.presenting,
      postponedUntil: isPostponed ? toTime(this.#postponement?.untilMs ?? null) : null,
      next: next === undefined ? null : this.#viewOf(next.run, next.verdict),
    };
  }

  /** By what was said a moment ago too: who said it is answered before the run at the door has heard of it. */
  #shownNow(entry: Entry): Shown | null {
    if (entry.shown === null) return null;
    const verdict = this.#judge(entry);
    if (verdict.kind === 'start') return null;
    // A countdown begins when it is shown.
    return verdict.kind === 'count-down' && entry.announcedAtMs === null ? entry.shown : verdict;
  }

  #viewOf(run: GuestRun, shown: Shown): CourtesyView['next'] {
    const { rulesOf, now } = this.#options;
    const rules = rulesOf(run.robot.code);
    return {
      runId: run.id,
      taskId: run.taskId,
      robot: run.robot.code,
      operation: run.operation,
      waitsFor: shown.kind === 'count-down' ? 'countdown' : shown.for,
      until: toTime(shown.untilMs),
      postponableUntil: toTime(postponableUntil({ rules, postponement: this.#postponement, nowMs: now() })),
    };
  }

  #judge({ run, announcedAtMs, isAskedFor }: Entry): CourtesyVerdict {
    return this.#verdictFor(run.robot.code, announcedAtMs, isAskedFor);
  }

  #verdictFor(robotCode: string, announcedAtMs: number | null, isAskedFor: boolean): CourtesyVerdict {
    const { rulesOf, now } = this.#options;
    return judgeCourtesy({
      rules: rulesOf(robotCode),
      person: this.#person(),
      postponement: this.#postponement,
      announcedAtMs,
      isAskedFor,
      nowMs: now(),
    });
  }

  #person(): Person {
    if (this.#asides > 0) return { name: 'none' };
    const screens = [...this.#screens];
    if (screens.length > 0) {
      return {
        name: 'here',
        // Of several people one sees the screen: the others' sessions are locked.
        locked: screens.every(({ locked }) => locked),
        presenting: screens.some(({ presenting }) => presenting) || this.#options.isPresenting(),
      };
    }
    if (this.#awaitedUntilMs > this.#options.now()) return { name: 'awaited', untilMs: this.#awaitedUntilMs };
    return { name: 'none' };
  }

  #find(runId: string): Entry {
    const entry = this.#guests.get(runId);
    if (entry) return entry;
    throw new AgentError('CONFLICT', `Run ${runId} does not wait for the person at this host.`);
  }

  #postpone(postponement: Postponement | null): void {
    if (postponement === null && this.#postponement === null) return;
    this.#postponement = postponement;
    this.#save();
  }

  #save(): void {
    this.#options.records.saveCourtesy({
      isHere: this.#screens.size > 0,
      postponement: this.#postponement,
    });
  }

  /** @param quietly those at the door know already */
  #changed({ quietly = false } = {}): void {
    if (!quietly) this.rouse();
    const view = this.view;
    // How long it can be put off moves with the clock: that alone is no news.
    const told = JSON.stringify(view, (key, value: unknown) =>
      key === 'postponableUntil' ? value !== null : value,
    );
    if (told === this.#told) return;
    this.#told = told;
    this.#options.onChange();
  }
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
