import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type FuzzOptions, runFuzz } from './run-fuzz.ts';

// npm run fuzz -- --seed N --seconds S: archives that chance made, against the extractors of packages and runtimes.

const USAGE = `npm run fuzz -- [--seed N] [--seconds S] [--case K]
  Unpacks archives for S seconds (60) and judges what lies on the disk afterwards. An archive that shows something is
  kept in out/fuzz, and the exit code is 1. --case K makes the one of that seed and number again.
`;

const options = readOptions(process.argv.slice(2));
process.stdout.write(`npm run fuzz -- --seed ${options.seed} --seconds ${options.seconds}\n`);
const { cases, outcomes, findings } = await runFuzz(options);
for (const [what, count] of Object.entries(outcomes).sort()) process.stdout.write(`${count} × ${what}\n`);
for (const finding of findings) {
  process.stdout.write(
    `FOUND in case ${finding.case} (${finding.family}): ${finding.problem}\n  ${finding.path}\n`,
  );
  process.stdout.write(`  npm run fuzz -- --seed ${options.seed} --case ${finding.case}\n`);
}
process.stdout.write(`${cases} archives, ${findings.length} findings\n`);
process.exitCode = findings.length === 0 ? 0 : 1;

function readOptions(args: readonly string[]): FuzzOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      case: { type: 'string' },
    },
  });
  const seed = values.seed === undefined ? Math.floor(Math.random() * 1_000_000) : Number(values.seed);
  const seconds = Number(values.seconds);
  const from = Number(values.case ?? 0);
  if (!Number.isSafeInteger(seed) || !(seconds > 0) || !Number.isSafeInteger(from)) {
    process.stderr.write(USAGE);
    process.exit(2);
  }
  const keepDir = join(import.meta.dirname, '..', 'out', 'fuzz');
  return { seed, seconds, keepDir, from, ...(values.case !== undefined && { cases: 1 }) };
}
