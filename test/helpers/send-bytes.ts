import type { Writable } from 'node:stream';

const CHUNK = Buffer.alloc(64 * 1024, 'k');

/** Writes so many bytes as fast as `target` takes them, and ends it. Made for measuring: nothing lies in between. */
export function sendBytes(target: Writable, bytes: number): void {
  let left = bytes;
  const push = () => {
    while (left > 0) {
      const chunk = left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left);
      left -= chunk.length;
      if (!target.write(chunk)) break;
    }
    if (left === 0) target.end();
  };
  target.on('drain', push);
  push();
}
