// A robot that prints: lines of 100 bytes, so many, so many bytes in each write. One in ten thousand holds the secret.
import { writeSync } from 'node:fs';

const [lines, writeBytes, beginning, secret] = process.argv.slice(2);
const LINE_BYTES = 100;
const DIFFERENT_LINES = 10_000;

const different = Array.from({ length: DIFFERENT_LINES }, (_, at) => {
  const end = at === 0 ? secret : 'nothing to report';
  return `${`${beginning} ${at} of the batch is done, ${end} `.padEnd(LINE_BYTES - 1, '.')}\n`;
});
const round = Buffer.from(different.join(''));
// Longer than the lines that differ by a write, so that each write is one piece of it.
const printed = Buffer.alloc(round.length + Number(writeBytes)).fill(round);
const total = Number(lines) * LINE_BYTES;
for (let at = 0; at < total; ) {
  const start = at % round.length;
  at += writeSync(1, printed, start, Math.min(Number(writeBytes), total - at));
}
