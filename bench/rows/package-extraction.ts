import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extractPackage } from '../../src/agent/packages/extract-package.ts';
import { zipFolder } from '../../src/platform/zip-folder.ts';
import { atMostTimes, type Row, timed } from '../measure.ts';
import { writeTree } from '../sample-tree.ts';
import { startTimer } from '../timer.ts';
import { settleDisk, withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

const FILES = 5000;
const FILE_BYTES = 4000;
const LIMITS = {
  maxArchiveBytes: 512 * 1024 ** 2,
  maxEntries: 20_000,
  maxTotalBytes: 2 * 1024 ** 3,
  maxFileBytes: 1024 ** 3,
  maxRatio: 200,
};

/** A ZIP of 5,000 files of about 4 KB, unpacked. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const dir = workbench.folder('package-extraction');
  const archivePath = join(dir, 'package.zip');
  const sourceDir = join(dir, 'source');
  writeTree(sourceDir, FILES, FILE_BYTES);
  await pipeline(Readable.from(zipFolder(sourceDir)), createWriteStream(archivePath));
  const timer = startTimer(workbench);
  const unpack = (file: string, args: string[]) => {
    settleDisk();
    return timer.time({ file, args, cwd: workbench.folder('unpacked') });
  };
  return [
    {
      name: 'package extraction',
      unit: 'ms',
      limit: withTools(['bsdtar'], {
        name: '`bsdtar`',
        round: () => unpack('bsdtar', ['-xf', archivePath]),
      }),
      plain: withTools(['unzip'], {
        name: '`unzip`',
        round: () => unpack('unzip', ['-q', archivePath]),
      }),
      ours: {
        name: 'our extractor: every entry judged and checked; all of it synced to the disk, which neither tool does',
        round: () => {
          settleDisk();
          const targetDir = join(workbench.folder('unpacked'), 'package');
          return timed(() =>
            extractPackage({
              archivePath,
              targetDir,
              limits: LIMITS,
              symlinks: 'refuse',
              refusal: { code: 'PACKAGE_REFUSED', what: 'The package' },
              signal: new AbortController().signal,
            }),
          );
        },
      },
      goal: atMostTimes(1.1, 'plain', '`unzip`'),
      rounds: 3,
      close: () => timer.close(),
    },
  ];
}
