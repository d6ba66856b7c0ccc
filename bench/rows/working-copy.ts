import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { fillWorkingCopy } from '../../src/agent/runs/run-folders.ts';
import { type Row, timed, under } from '../measure.ts';
import { writeTree } from '../sample-tree.ts';
import { startTimer } from '../timer.ts';
import { withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

/** A run's own copy of a package of 1,000 files. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const dir = workbench.folder('working-copy');
  const packageDir = join(dir, 'package');
  writeTree(packageDir, 1000, 4000);
  const timer = startTimer(workbench);
  return [
    {
      name: 'working copy, 1,000 files',
      unit: 'ms',
      limit: {
        name: '`fs.cpSync`',
        round: () => {
          const copyDir = workbench.folder('copy');
          return timed(() => cpSync(packageDir, copyDir, { recursive: true }));
        },
      },
      plain: withTools(['cp'], {
        name: '`cp -r`',
        round: () => timer.time({ file: 'cp', args: ['-r', packageDir, workbench.folder('copy')] }),
      }),
      ours: {
        name: 'the working copy of a run: reflinks where the file system has them, else copies',
        round: () => {
          const copyDir = workbench.folder('copy');
          return timed(() => fillWorkingCopy(packageDir, copyDir, []));
        },
      },
      goal: under(50, 'ms'),
      rounds: 15,
      close: () => timer.close(),
    },
  ];
}
