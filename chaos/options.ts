import { parseArgs } from 'node:util';
import { MUTANTS } from './mutants.ts';

export interface ChaosOptions {
  seed: number;
  minutes: number;
  agents: number;
  /** Name of the seeded bug that the agents have; null: none. */
  mutant: string | null;
  /** Runs each mutant with the seed that catches it. */
  allMutants: boolean;
  /** Where the figures go, and after a violation what shows it; null: nowhere. */
  out: string | null;
}

export const USAGE = `npm run chaos -- [--seed N] [--minutes M] [--agents K] [--mutant NAME | --all-mutants] [--out DIR]
  Runs K agents (4) with a fleet of robots for M minutes (1) of faults that the seed chooses, then checks that nothing
  was lost and nothing done twice. Exits 1 when an invariant is broken. A mutant comes with the seed, minutes and
  agents that catch it, unless others are given. Mutants: ${Object.keys(MUTANTS).join(', ')}.
`;

/** @throws Error that says what is wrong */
export function readOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      minutes: { type: 'string' },
      agents: { type: 'string' },
      mutant: { type: 'string' },
      'all-mutants': { type: 'boolean', default: false },
      out: { type: 'string' },
    },
  });
  const { mutant = null, out = null } = values;
  if (mutant !== null && !(mutant in MUTANTS))
    throw new Error(`There is no mutant ${mutant}; there are ${Object.keys(MUTANTS).join(', ')}`);
  const usual = (mutant !== null && MUTANTS[mutant]) || { seed: anySeed(), minutes: 1, agents: 4 };
  const seed = Number(values.seed ?? usual.seed);
  const [minutes, agents] = [Number(values.minutes ?? usual.minutes), Number(values.agents ?? usual.agents)];
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Error('--seed takes a whole number');
  if (!(minutes > 0)) throw new Error('--minutes takes a number above 0');
  if (!Number.isInteger(agents) || agents < 1 || agents > 20)
    throw new Error('--agents takes a number from 1 to 20');
  return { seed, minutes, agents, mutant, allMutants: values['all-mutants'], out };
}

function anySeed(): number {
  return Math.floor(Math.random() * 1_000_000);
}

/** What makes the same happen again, as far as the clock lets it. */
export function replayCommand({ seed, minutes, agents, mutant }: ChaosOptions): string {
  const more = mutant === null ? '' : ` --mutant ${mutant}`;
  return `npm run chaos -- --seed ${seed} --minutes ${minutes} --agents ${agents}${more}`;
}
