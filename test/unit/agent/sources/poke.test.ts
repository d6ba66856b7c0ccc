import { describe, expect, test } from 'vitest';
import { Poke } from '../../../../src/agent/sources/poke.ts';

/** Longer than any test takes: who waits for it to pass fails. */
const FOR_EVER = 2 ** 31 - 1;
const never = new AbortController().signal;

/** Whether a wait is over by now. */
async function isOver(waiting: Promise<void>): Promise<boolean> {
  let over = false;
  void waiting.then(() => {
    over = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

describe('a wait', () => {
  test('ends when its time is up', async () => {
    await new Poke().wait(1, never);
  });

  test('ends at a poke, all that are on', async () => {
    const poke = new Poke();
    const waits = [poke.wait(FOR_EVER, never), poke.wait(FOR_EVER, never)];
    expect(await isOver(waits[0] ?? Promise.resolve())).toBe(false);
    poke.poke();
    await Promise.all(waits);
  });

  test('that begins after a poke nobody heard ends at once, the one after it does not', async () => {
    const poke = new Poke();
    poke.poke();
    poke.poke();
    await poke.wait(FOR_EVER, never);
    const next = poke.wait(FOR_EVER, never);
    expect(await isOver(next)).toBe(false);
    poke.poke();
    await next;
  });

  test('does not end twice: a poke that was heard is spent', async () => {
    const poke = new Poke();
    const first = poke.wait(FOR_EVER, never);
    poke.poke();
    await first;
    const second = poke.wait(FOR_EVER, never);
    expect(await isOver(second)).toBe(false);
    poke.poke();
    await second;
  });

  test('ends when its signal aborts, and at once where it has', async () => {
    const poke = new Poke();
    const leaving = new AbortController();
    const waiting = poke.wait(FOR_EVER, leaving.signal);
    leaving.abort();
    await waiting;
    await poke.wait(FOR_EVER, leaving.signal);
  });
});
