import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { NeedleSet } from '../../../src/agent/logs/needle-set.ts';
import { secretForms } from '../../../src/agent/logs/secret-forms.ts';

/** Looks for secrets, by their names, in every form that a program may have written them in. */
export class LeakSearch {
  readonly #byName: [string, NeedleSet][];

  constructor(secrets: Readonly<Record<string, string>>) {
    this.#byName = Object.entries(secrets).map(([name, secret]) => [
      name,
      new NeedleSet([...secretForms(secret)].map((form) => Buffer.from(form))),
    ]);
  }

  /** One sentence for each secret that is in `bytes`, with what stands before it. */
  in(place: string, bytes: Buffer | string): string[] {
    const data = Buffer.from(bytes);
    return this.#byName.flatMap(([name, needles]) => {
      const at = placeOf(needles, data);
      return at === null
        ? []
        : [`${name} in ${place} behind ${JSON.stringify(data.toString('latin1', at - 60, at))}`];
    });
  }

  /** The same for every file below. */
  below(dir: string): string[] {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .flatMap((entry) => {
        const path = join(entry.parentPath, entry.name);
        return this.in(relative(dir, path), readFileSync(path));
      });
  }
}

function placeOf(needles: NeedleSet, data: Buffer): number | null {
  const limit = Math.max(0, data.length - needles.window + 1);
  for (
    let at = needles.findCandidate(data, 0, limit);
    at < limit;
    at = needles.findCandidate(data, at + 1, limit)
  ) {
    if (needles.longestAt(data, at) > 0) return at;
  }
  return null;
}

/** The command lines of all processes of this machine, looked at over and over until `stop`. */
export function watchCommandLines(): { stop(): string } {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const name of readdirSync('/proc')) {
      if (/^\d+$/.test(name) && Number(name) !== process.pid) seen.add(readQuietly(`/proc/${name}/cmdline`));
    }
  }, 10);
  return {
    stop: () => {
      clearInterval(timer);
      return [...seen].join('\n');
    },
  };
}

function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
