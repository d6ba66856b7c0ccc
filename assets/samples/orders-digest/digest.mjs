// Entry: reads the orders, sums them up, leaves a page behind and tells the task.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { connectTask } from './kuflow-task.mjs';
import { renderPage } from './page.mjs';
import { summarise } from './summary.mjs';

const task = connectTask(process.env);
const data = (await task?.readData()) ?? {};

console.log(data.orders ? 'Downloading the orders of the task' : 'Reading the sample orders');
const csv = data.orders
  ? await task.download(data.orders)
  : await readFile(join(import.meta.dirname, 'input', 'orders.csv'), 'utf8');

const orders = parse(csv, { columns: true, bom: true, trim: true, skip_empty_lines: true });
console.log(`${orders.length} orders read`);
const summary = summarise(orders);
for (const { name, total } of summary.categories) console.log(`  ${name}: ${total}`);
for (const order of summary.overdue) {
  console.warn(`WARNING order ${order.id} of ${order.customer} is ${order.days} days unpaid`);
}

const outDir = process.env.KUFLOW_EXECUTION_OUTDIR ?? 'out';
await mkdir(outDir, { recursive: true });
await writeFile(join(outDir, 'orders-digest.html'), renderPage(summary));
console.log('Digest written: orders-digest.html');

if (task !== null) {
  await task.writeData({
    ...data,
    orderCount: summary.count,
    revenue: summary.revenue,
    bestCustomer: summary.customers[0]?.name ?? null,
    overdueOrders: summary.overdue.map((order) => order.id),
  });
  console.log('Result written to the task');
}
