import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A bug to be put into a copy of the product: its text is there exactly once. */
export interface Mutant {
  /** From the project's root. */
  file: string;
  text: string;
  replacement: string;
  /** What catches it within few minutes. */
  seed: number;
  minutes: number;
  agents: number;
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {
  // An entry that never came counts as told: a kill before the platform hears of it loses its lines.
  'position-before-acceptance': {
    file: 'src/agent/logs/shipper.ts',
    text: `
      const delivery = await this.#appender.append(text + mark, entry.level, mark);
      this.#lastEntryMs = this.#options.now();
      if (typeof delivery === 'string') {
        this.#refusals = 0;
        this.#accepted({ ...sending, leftOut: entry.leftOut + linesCut(entry.text, text) });
`,
    replacement: `
      this.#accepted({ ...sending, leftOut: entry.leftOut + linesCut(entry.text, text) });
      const delivery = await this.#appender.append(text + mark, entry.level, mark);
      this.#lastEntryMs = this.#options.now();
      if (typeof delivery === 'string') {
        this.#refusals = 0;
`,
    seed: 5,
    minutes: 1,
    agents: 4,
  },
  // Who claimed runs, whoever may have taken the task since: a host whose claim comes late meets its successor.
  'run-without-step-4': {
    file: 'src/agent/tasks/take.ts',
    text: `
  if (standing.stands) return attempt.won(sight);
`,
    replacement: `
  if (standing !== null) return attempt.won(sight);
`,
    seed: 36,
    minutes: 3,
    agents: 6,
  },
  // The platform hears how a run ended before the journal does: after a kill in between it is settled once more.
  'settle-before-journal': {
    file: 'src/agent/runs/active-run.ts',
    text: `
    this.#options.journal.runs.update(this.#run,`,
    replacement: `
    if (change.state !== 'settling') this.#options.journal.runs.update(this.#run,`,
    seed: 5,
    minutes: 1,
    agents: 4,
  },
};

/**
 * Copies the product and puts the bug into the copy; libraries and assets are linked.
 * @returns its src/cli/main.ts
 * @throws Error when the text is not there exactly once: the product went on, the mutant must follow
 */
export function makeMutant(name: string, root: string, dir: string): string {
  const mutant = MUTANTS[name];
  if (!mutant) throw new Error(`There is no mutant ${name}`);
  cpSync(join(root, 'src'), join(dir, 'src'), { recursive: true });
  cpSync(join(root, 'package.json'), join(dir, 'package.json'));
  symlinkSync(join(root, 'assets'), join(dir, 'assets'));
  // One by one: what the copy keeps in node_modules/.cache goes with it.
  mkdirSync(join(dir, 'node_modules'));
  for (const name of readdirSync(join(root, 'node_modules')))
    if (!name.startsWith('.')) symlinkSync(join(root, 'node_modules', name), join(dir, 'node_modules', name));
  const path = join(dir, mutant.file);
  const source = readFileSync(path, 'utf8');
  const found = source.split(mutant.text).length - 1;
  if (found !== 1)
    throw new Error(
      `The mutant ${name} fits ${mutant.file} no more: its text is there ${found} times, not once`,
    );
  writeFileSync(
    path,
    source.replace(mutant.text, () => mutant.replacement),
  );
  return join(dir, 'src/cli/main.ts');
}
