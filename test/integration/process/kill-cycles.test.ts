import { afterAll, describe, expect, test } from 'vitest';
import { closeSandbox, holders, openTrees, python } from './trees.ts';

/** `KUBOT_KILL_CYCLES=200` for the whole battery, of which the suite does a part. */
const CYCLES = Number(process.env.KUBOT_KILL_CYCLES ?? 70);
const GRACE_MS = 100;
const KINDS = ['deaf', 'own-group', 'own-session', 'daemon', 'pipe-holder', 'cleared'];

afterAll(closeSandbox);

describe
  .runIf(process.platform === 'linux' && python !== undefined)
  .each(holders.filter(([, holder]) => holder !== undefined))('trees held by %s', (name, holder) => {
  // A daemon that clears its environment and leaves within milliseconds is held by a namespace alone.
  const kinds = holder?.kind === 'group' ? KINDS : [...KINDS, 'cleared-daemon'];

  test(
    `leave nobody, ${CYCLES} times over all kinds, cancelled, killed or left`,
    async () => {
      if (!holder) throw new Error('It was filtered out');
      const left: string[] = [];
      let longestMs = 0;
      for (let cycle = 0; cycle < CYCLES; cycle++) {
        const kind = kinds[cycle % kinds.length] ?? '';
        const trees = openTrees();
        const robot = await trees.startTree(holder, kind);
        const startedMs = performance.now();
        // Each kind in turn both ways, but for the one that ends by itself.
        const isKilled = Math.floor(cycle / kinds.length) % 2 === 1;
        if (kind === 'pipe-holder') await robot.exited;
        else if (isKilled) await robot.kill();
        else await robot.cancel(GRACE_MS);
        longestMs = Math.max(longestMs, performance.now() - startedMs);
        left.push(...trees.survivors().map((pid) => `${pid} of ${kind} in cycle ${cycle}`));
        await trees.close();
      }
      expect(left).toEqual([]);
      if (process.env.KUBOT_KILL_CYCLES !== undefined)
        console.info(
          `${name}: ${CYCLES} cycles, the longest end took ${Math.round(longestMs)} ms of a grace of ${GRACE_MS}`,
        );
    },
    60_000 + CYCLES * 5000,
  );
});
