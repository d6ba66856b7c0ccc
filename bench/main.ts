import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { measureRow, type Row, type RowResult } from './measure.ts';
import { type BenchOptions, readOptions } from './options.ts';
import { markdownOf, tableOf } from './table.ts';
import { openWorkbench, type Workbench } from './workbench.ts';

// npm run bench [-- words of the files in rows/ to measure] [--runs N]: prints a table, writes out/bench.json and
// out/bench.md.

const options = readOptionsOrExit();
const workbench = openWorkbench();
const results: RowResult[] = [];
for (const file of options.files) {
  try {
    const { createRows } = (await import(`./rows/${file}.ts`)) as {
      createRows: (workbench: Workbench, options: BenchOptions) => Promise<Row[]>;
    };
    for (const row of await createRows(workbench, options)) {
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

function readOptionsOrExit(): BenchOptions {
  try {
    return readOptions(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(2);
  }
}
