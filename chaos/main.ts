import { spawnSync } from 'node:child_process';
import { MUTANTS } from './mutants.ts';
import { type ChaosOptions, readOptions, replayCommand, USAGE } from './options.ts';
import { reportOf } from './report.ts';
import { runChaos } from './run-chaos.ts';

// npm run chaos -- --seed N --minutes M: agents, robots and faults against the platform, and what must hold after it.

if (process.platform !== 'linux') fail('chaos looks at processes by /proc: it runs on Linux only.');
const options = read();
if (options.allMutants) process.exit(catchAll());
say(`${replayCommand(options)}`);
const result = await runChaos(options, say);
process.stdout.write(reportOf(result));
process.exit(result.violations.length === 0 ? 0 : 1);

function read(): ChaosOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    return fail(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

/** Each mutant is caught: 0. */
function catchAll(): number {
  let missed = 0;
  for (const [name, { seed, minutes, agents }] of Object.entries(MUTANTS)) {
    const args = [
      '--seed',
      String(seed),
      '--minutes',
      String(minutes),
      '--agents',
      String(agents),
      '--mutant',
      name,
    ];
    const { status, stdout } = spawnSync(process.execPath, [import.meta.filename, ...args], {
      encoding: 'utf8',
    });
    const violations = stdout.split('\n').filter((line) => line.startsWith('VIOLATION'));
    const caught = status === 1 && violations.length > 0;
    if (!caught) missed++;
    say(
      `${name}: ${caught ? `caught, ${violations.length} violations; the first: ${violations[0]}` : `not caught (exit code ${status})`}`,
    );
  }
  return missed === 0 ? 0 : 1;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}
