import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
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
}

export const MUTANTS: Readonly<Record<string, Mutant>> = {};

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
  for (const folder of ['node_modules', 'assets']) symlinkSync(join(root, folder), join(dir, folder));
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
