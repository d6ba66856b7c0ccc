/** One thing that is measured: does its work once and says how long it took, or how much it used. */
export interface Contender {
  /** What it is, in words for the table's legend. */
  name: string;
  /** One round, with what it needs made and removed outside of its measure. Returns the measure in the row's unit. */
  round: () => Promise<number>;
}

/** A tool that is not on this machine, with the way to get it. */
export interface Missing {
  name: string;
  missing: string;
}

export interface Row {
  /** What is measured, in the words of docs/performance.md. */
  name: string;
  /** '': a count. */
  unit: 'ms' | 'MB' | 'MB/s' | '/s' | '%' | '';
  /** What physics and the operating system allow. */
  limit: Contender | Missing;
  /** What a plain tool, or a script of a few lines, needs for the same. */
  plain: Contender | Missing;
  ours: Contender | Missing;
  goal: Goal;
  rounds: number;
  /** Frees what the row's contenders hold. Called once, after the rounds and also when one of them failed. */
  close?: () => Promise<void>;
}

export interface Goal {
  text: string;
  isMet: (medians: { limit: number | null; plain: number | null; ours: number }) => boolean | null;
}

export interface Figure {
  name: string;
  median: number | null;
  /** Half the distance between the 10th and the 90th percentile, as a share of the median. */
  spread: number | null;
  note: string | null;
}

export interface RowResult {
  row: string;
  unit: Row['unit'];
  goal: string;
  /** null: what it would be compared with was not measured. */
  goalMet: boolean | null;
  rounds: number;
  limit: Figure;
  plain: Figure;
  ours: Figure;
  /** ours ÷ limit and ours ÷ plain; null where that was not measured. */
  ratioToLimit: number | null;
  ratioToPlain: number | null;
}

/**
 * Measures a row: one warm-up round each, then rounds in turn, so that a noisy minute hits all alike. Every second
 * round goes backwards, so that nobody always comes after the same one.
 */
export async function measureRow(row: Row): Promise<RowResult> {
  const contenders = [row.limit, row.plain, row.ours];
  const samples = contenders.map((): number[] => []);
  try {
    for (let round = -1; round < row.rounds; round++) {
      const turns = [...contenders.entries()];
      if (round % 2 !== 0) turns.reverse();
      for (const [at, contender] of turns) {
        if ('missing' in contender) continue;
        const measure = await contender.round();
        if (round >= 0) samples[at]?.push(measure);
      }
    }
  } finally {
    await row.close?.();
  }
  const [limit, plain, ours] = contenders.map((contender, at) => figureOf(contender, samples[at] ?? []));
  if (!limit || !plain || !ours) throw new Error('A row has three contenders');
  return {
    row: row.name,
    unit: row.unit,
    goal: row.goal.text,
    goalMet:
      ours.median === null
        ? null
        : row.goal.isMet({ limit: limit.median, plain: plain.median, ours: ours.median }),
    rounds: row.rounds,
    limit,
    plain,
    ours,
    ratioToLimit: ratio(ours.median, limit.median),
    ratioToPlain: ratio(ours.median, plain.median),
  };
}

function figureOf(contender: Contender | Missing, samples: number[]): Figure {
  if ('missing' in contender) {
    return { name: contender.name, median: null, spread: null, note: `not measured: ${contender.missing}` };
  }
  const sorted = samples.toSorted((a, b) => a - b);
  const median = quantile(sorted, 0.5);
  const spread = (quantile(sorted, 0.9) - quantile(sorted, 0.1)) / 2 / (Math.abs(median) || 1);
  return { name: contender.name, median, spread, note: null };
}

/** The value below which a share `q` of the sorted samples lies, interpolated. */
export function quantile(sorted: readonly number[], q: number): number {
  const at = (sorted.length - 1) * q;
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

function ratio(ours: number | null, other: number | null): number | null {
  return ours === null || other === null || other === 0 ? null : ours / other;
}

/** At most so many times what the limit or the plain tool needs. */
export function atMostTimes(times: number, other: 'limit' | 'plain', name: string): Goal {
  return {
    text: `at most ${times}× ${name}`,
    isMet: ({ ours, ...others }) => {
      const base = others[other];
      return base === null ? null : ours <= times * base;
    },
  };
}

/** At least so many times what the limit or the plain tool reaches. */
export function atLeastTimes(times: number, other: 'limit' | 'plain', name: string): Goal {
  return {
    text: `at least ${times}× ${name}`,
    isMet: ({ ours, ...others }) => {
      const base = others[other];
      return base === null ? null : ours >= times * base;
    },
  };
}

/** At most so much more than the limit. */
export function atMostOver(more: number, unit: Row['unit'], name: string): Goal {
  return {
    text: `at most ${name} + ${more} ${unit}`,
    isMet: ({ limit, ours }) => (limit === null ? null : ours <= limit + more),
  };
}

/** At most so much, which may be nothing at all. */
export function atMost(most: number, unit: Row['unit']): Goal {
  return { text: `at most ${most} ${unit}`.trimEnd(), isMet: ({ ours }) => ours <= most };
}

export function under(most: number, unit: Row['unit']): Goal {
  return { text: `under ${most} ${unit}`, isMet: ({ ours }) => ours < most };
}

export function above(least: number, unit: Row['unit']): Goal {
  return { text: `above ${least} ${unit}`, isMet: ({ ours }) => ours > least };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}
