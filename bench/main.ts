import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { measureRow, type Row, type RowResult } from './measure.ts';
import { tableOf } from './table.ts';

// npm run bench [-- words of the rows to measure]: prints a table and writes out/bench.json.

const rowsDir = join(import.meta.dirname, 'rows');
const wanted = process.argv.slice(2);
const results: RowResult[] = [];
for (const file of readdirSync(rowsDir).sort()) {
  if (wanted.length > 0 && !wanted.some((word) => file.includes(word))) continue;
  const { createRows } = (await import(join(rowsDir, file))) as { createRows: () => Promise<Row[]> };
  for (const row of await createRows()) {
    process.stderr.write(`measuring: ${row.name}\n`);
    results.push(await measureRow(row));
  }
}
mkdirSync('out', { recursive: true });
writeFileSync(join('out', 'bench.json'), `${JSON.stringify(results, null, 2)}\n`);
process.stdout.write(`${tableOf(results)}\n`);
