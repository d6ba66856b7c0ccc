import { atLeastTimes, type Row } from '../measure.ts';
import { LINE_BYTES, openShipping } from '../shipping.ts';
import { startTimer } from '../timer.ts';
import { quoted, withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

const LINES = 200_000;
const DAY_MS = 24 * 60 * 60_000;
const MB = 1_000_000;

/** The log of a run that ended while the platform was away for a day: from the position in the journal to the last entry. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const shipping = await openShipping(workbench, { lines: LINES, ranMs: DAY_MS });
  const { clientId, clientSecret } = shipping.platform;
  const timer = startTimer(workbench);
  const perSecond = (ms: number) => (LINES * LINE_BYTES * 1000) / MB / ms;
  return [
    {
      name: 'backlog of a run of 200,000 lines',
      unit: 'MB/s',
      limit: {
        name: 'the same requests by bare `node:http`: the entries, and the document as it is',
        round: async () => perSecond((await shipping.sendSame()).ms),
      },
      plain: withTools(['curl', 'gzip', 'sh'], {
        name: '`gzip -4` and `curl` of the lines as one document, with no entry',
        round: async () => {
          const packedPath = `${shipping.textPath}.gz`;
          const curl = ['curl', '-sSf', '-u', `${clientId}:${clientSecret}`, '-o', '/dev/null'];
          const upload = ['-H', 'Content-Type: application/octet-stream', '--data-binary', `@${packedPath}`];
          const url = await shipping.uploadUrl();
          const pack = `gzip -4 -c ${quoted([shipping.textPath])} > ${quoted([packedPath])}`;
          return perSecond(await timer.timeShell(`${pack} && ${quoted([...curl, ...upload, url])}`));
        },
      }),
      ours: {
        name: 'the shipper: run log read, lines folded and packed, document written and uploaded, end told',
        round: async () => perSecond((await shipping.ship()).ms),
      },
      goal: atLeastTimes(0.5, 'plain', '`gzip` and `curl`'),
      rounds: 3,
      close: async () => {
        await timer.close();
        await shipping.close();
      },
    },
  ];
}
