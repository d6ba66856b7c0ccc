import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '../chaos/random.ts';
import { Arena } from './arena.ts';
import type { ExtractJob } from './extractor.ts';
import { ExtractorHost } from './extractor-host.ts';
import { makeTarCase } from './tar-archives.ts';
import { makeZipCase } from './zip-archives.ts';

export interface FuzzOptions {
  seed: number;
  /** No new case begins after so long. */
  seconds: number;
  /** At most so many cases. */
  cases?: number;
  /** The first case; with `cases: 1` the only one. */
  from?: number;
  /** Where archives are kept that showed something; null: nowhere. */
  keepDir: string | null;
}

export interface Finding {
  case: number;
  family: string;
  problem: string;
  /** The archive; null: it was not kept. */
  path: string | null;
}

export interface FuzzResult {
  cases: number;
  /** By family and outcome. */
  outcomes: Record<string, number>;
  findings: Finding[];
}

interface Family {
  name: string;
  weight: number;
  kind: ExtractJob['kind'];
  make: (random: Random, arenaDir: string) => Buffer;
  /** How such an archive may be refused. */
  codes: readonly string[];
}

const FAMILIES: readonly Family[] = [
  {
    name: 'package',
    weight: 5,
    kind: 'package',
    make: makeZipCase,
    codes: ['PACKAGE_REFUSED', 'PACKAGE_TRUNCATED'],
  },
  {
    name: 'runtime-zip',
    weight: 1,
    kind: 'runtime',
    make: makeZipCase,
    codes: ['HOST_ARCHIVE_FORMAT', 'PLATFORM_ERROR', 'PACKAGE_TRUNCATED'],
  },
  {
    name: 'runtime-tar',
    weight: 3,
    kind: 'runtime',
    make: makeTarCase,
    codes: ['HOST_ARCHIVE_FORMAT', 'PLATFORM_ERROR'],
  },
];

/** Unpacks one archive after the other that chance made, each judged by what lies on the disk afterwards. */
export async function runFuzz(options: FuzzOptions): Promise<FuzzResult> {
  const rootDir = mkdtempSync(join(tmpdir(), 'kubot-fuzz-'));
  const arena = new Arena(rootDir);
  const host = new ExtractorHost();
  const result: FuzzResult = { cases: 0, outcomes: {}, findings: [] };
  const endsAt = performance.now() + options.seconds * 1000;
  const { from = 0, cases = Number.POSITIVE_INFINITY } = options;
  try {
    for (let number = from; number < from + cases && performance.now() < endsAt; number++) {
      // Of its own seed, so that one case can be made again without those before it.
      const random = new Random(`${options.seed}/${number}`);
      const family = random.pick(FAMILIES);
      const archive = family.make(random, arena.dir);
      writeFileSync(arena.archivePath, archive);
      const outcome = await host.extract({ ...arena, kind: family.kind });
      const problem = arena.judge(outcome, { codes: family.codes, links: family.kind === 'runtime' });
      const what = `${family.name} ${outcome.kind === 'refused' ? outcome.code : outcome.kind}`;
      result.outcomes[what] = (result.outcomes[what] ?? 0) + 1;
      result.cases++;
      if (problem === null) continue;
      const path = keep(options, number, archive);
      result.findings.push({ case: number, family: family.name, problem, path });
    }
  } finally {
    await host.close();
    rmSync(rootDir, { recursive: true, force: true });
  }
  return result;
}

function keep({ keepDir, seed }: FuzzOptions, number: number, archive: Buffer): string | null {
  if (keepDir === null) return null;
  mkdirSync(keepDir, { recursive: true });
  const path = join(keepDir, `seed-${seed}-case-${number}`);
  writeFileSync(path, archive);
  return path;
}
