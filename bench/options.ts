import { parseArgs } from 'node:util';

export interface BenchOptions {
  /** Names of the files in rows/ to measure, in the order of FILES. */
  files: string[];
  /** How many runs the row many-runs makes. */
  runs: number;
}

/** The files in rows/, in the order of their measuring. */
const FILES = [
  'first-line',
  'spawn',
  'no-op-runs',
  'take-step',
  'journal',
  'shipper',
  'backlog',
  'log-path',
  'masking',
  'gateway',
  'runtime-install',
  'package-extraction',
  'environment',
  'working-copy',
  'idle-agent',
  'many-runs',
  'start',
  'log-painted',
  'desktop-start',
  'desktop-memory',
];
/** As many as an ordinary bench has time for. */
const RUNS = 300;

/**
 * `[words of files in rows/] [--runs N]`
 * @throws Error that says what is wrong
 */
export function readOptions(args: readonly string[]): BenchOptions {
  const { values, positionals: words } = parseArgs({
    args: [...args],
    options: { runs: { type: 'string', default: String(RUNS) } },
    allowPositionals: true,
  });
  const runs = Number(values.runs);
  if (!Number.isSafeInteger(runs) || runs < 1) throw new Error('--runs takes a number from 1.');
  const files = FILES.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  if (files.length === 0)
    throw new Error(`No row has ${words.join(' or ')} in its name; there are ${FILES.join(', ')}.`);
  return { files, runs };
}
