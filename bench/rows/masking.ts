import { Masker, SecretSet } from '../../src/agent/logs/masker.ts';
import { OutputMasker } from '../../src/agent/logs/output-masker.ts';
import { above, type Row } from '../measure.ts';

const PORTION_BYTES = 64 * 1024;
const PORTIONS = 2000;
const COUNTS = [1, 10, 100];

/** A robot's output in portions of 64 KB, one line in 700 with a secret, masked in every form of each. */
export async function createRows(): Promise<Row[]> {
  return COUNTS.map((count) => {
    const secrets = Array.from(
      { length: count },
      (_, at) => `tok${at}-${(at * 7919 + 1e7).toString(36)}-Zq7x`,
    );
    const portion = Buffer.from(logText(secrets)).subarray(0, PORTION_BYTES);
    return {
      name: `masking, ${count} ${count === 1 ? 'secret' : 'secrets'}`,
      unit: 'MB/s',
      limit: { name: 'a copy', round: async () => rate(() => Buffer.from(portion)) },
      plain: {
        name: '`replaceAll` for each secret as it is, decoded and encoded again',
        round: async () => rate(replacer(portion, secrets), PORTIONS / 20),
      },
      ours: {
        name: 'every form of every secret, announced ones looked for',
        round: async () => ours(portion, secrets),
      },
      goal: above(300, 'MB/s'),
      rounds: 5,
    };
  });
}

function ours(portion: Buffer, secrets: readonly string[]): number {
  const masker = new OutputMasker(new SecretSet(secrets), () => undefined);
  const masked = masker.push(portion).toString();
  if (masked !== new Masker(secrets).maskText(portion.toString()))
    throw new Error('The stream is masked otherwise');
  return rate(() => masker.push(portion));
}

function replacer(portion: Buffer, secrets: readonly string[]): () => Buffer {
  return () => {
    let text = portion.toString();
    for (const secret of secrets) text = text.replaceAll(secret, '***');
    return Buffer.from(text);
  };
}

/** Megabytes a second. */
function rate(work: () => Buffer, times = PORTIONS): number {
  const began = performance.now();
  let bytes = 0;
  for (let time = 0; time < times; time++) bytes += work().length > 0 ? PORTION_BYTES : 0;
  return bytes / 1e6 / ((performance.now() - began) / 1000);
}

function logText(secrets: readonly string[]): string {
  return Array.from({ length: 1000 }, (_, at) => {
    const shown =
      at % 700 === 350 ? `token ${secrets[at % secrets.length]}` : `item ${(at * 7919).toString(36)}`;
    return `2026-01-01 12:00:00,${at} INFO worker.step: processed ${shown} of batch ${at % 12} in 12 ms\n`;
  }).join('');
}
