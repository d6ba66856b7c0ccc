import { appendEntry } from '../bare-client.ts';
import { atMost, atMostTimes, type Row } from '../measure.ts';
import { LINE_BYTES, openShipping } from '../shipping.ts';
import type { Workbench } from '../workbench.ts';

const ENTRY_BYTES = 2048;

/** What telling a task of a run's lines costs: in requests, and in time on a processor. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  return [...(await rowsOf(workbench, 10)), ...(await rowsOf(workbench, 1000))];
}

async function rowsOf(workbench: Workbench, lines: number): Promise<Row[]> {
  // Of a run that began just now: its entries are not spaced.
  const shipping = await openShipping(workbench, { lines, ranMs: 0 });
  const { bare, platform } = shipping;
  const told = `${lines.toLocaleString('en')} lines`;
  const fewest = Math.ceil((lines * LINE_BYTES) / ENTRY_BYTES);
  const singly = async () => {
    const taskId = await shipping.claimedTask();
    const line = 'x'.repeat(LINE_BYTES - 1);
    const requests = Array.from({ length: lines }, () => appendEntry(taskId, line));
    return await bare.send('fetch', platform, requests);
  };
  const plain = 'an entry for each line, by `fetch`';
  return [
    {
      name: `shipper, requests for ${told}`,
      unit: '',
      limit: { name: 'the lines in entries of 2 KB', round: async () => fewest },
      plain: { name: plain, round: async () => lines },
      ours: {
        name: 'the shipper, of a run that ended at once: what its entries leave out is in one document, the last tells the end',
        round: async () => (await shipping.ship()).requests ?? Number.NaN,
      },
      goal: atMost(Math.ceil(1.2 * fewest) + 2, ''),
      rounds: 1,
    },
    {
      name: `shipper, processor for ${told}`,
      unit: 'ms',
      limit: {
        name: 'the same requests by bare `node:http`',
        round: async () => (await shipping.sendSame()).cpuMs,
      },
      plain: { name: plain, round: async () => (await singly()).cpuMs },
      ours: {
        name: 'the shipper: run log read, lines packed and marked, each entry journalled before and after',
        round: async () => (await shipping.ship()).cpuMs ?? Number.NaN,
      },
      goal: atMostTimes(1, 'plain', 'an entry for each line'),
      rounds: 5,
      close: () => shipping.close(),
    },
  ];
}
