import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { measureRow, type Row, type RowResult } from './measure.ts';
import { markdownOf, tableOf } from './table.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

// npm run bench [-- words of the files in rows/ to measure]: prints a table, writes out/bench.json and out/bench.md.

const FILES = [
  'first-line',
  'no-op-runs',
  'log-path',
  'masking',
  'gateway',
  'runtime-install',
  'package-extraction',
  'environment',
  'working-copy',
  'idle-agent',
  'start',
];

const words = process.argv.slice(2);
const files = FILES.filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
if (files.length === 0) {
  process.stderr.write(`No row has ${words.join(' or ')} in its name; there are ${FILES.join(', ')}.\n`);
  process.exit(2);
}

const workbench = openWorkbench();
const results: RowResult[] = [];
for (const file of files) {
  try {
    const { createRows } = (await import(`./rows/${file}.ts`)) as {
      createRows: (workbench: Workbench) => Promise<Row[]>;
    };
    for (const row of await createRows(workbench)) {
      process.stderr.write(`measuring: ${row.name}\n`);
      results.push(await measureRow(row));
    }
  } catch (error) {
    process.stderr.write(`${file} could not be measured: ${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = 1;
  }
}

const machine = {
  platform: `${process.platform} ${process.arch}`,
  processors: cpus().length,
  memoryGb: Math.round(totalmem() / 1024 ** 3),
  node: process.versions.node,
};
const outDir = join(import.meta.dirname, '..', 'out');
mkdirSync(outDir, { recursive: true });
const measuredAt = new Date().toISOString();
writeFileSync(
  join(outDir, 'bench.json'),
  `${JSON.stringify({ measuredAt, machine, rows: results }, null, 2)}\n`,
);
writeFileSync(join(outDir, 'bench.md'), markdownOf(results));
process.stdout.write(`${tableOf(results)}\n`);
// A row that failed may have left something open.
process.exit();
