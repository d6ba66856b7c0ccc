import { setTimeout as delay } from 'node:timers/promises';
import { FLEET, PROCESS_IDS } from './fleet.ts';
import type { PlatformHost } from './platform-host.ts';
import { Random } from './random.ts';

const LOOK_MS = 300;

/** Makes tasks for the fleet so that some always wait, until `signal` aborts. */
export async function makeWork(options: {
  platform: PlatformHost;
  seed: number;
  /** How many tasks are to wait. */
  backlog: number;
  signal: AbortSignal;
}): Promise<void> {
  const { platform, backlog, signal } = options;
  const random = new Random(`work ${options.seed}`);
  const next = () => ({
    id: random.uuid(),
    code: random.pick(FLEET).code,
    processId: random.one(PROCESS_IDS),
  });
  let task = next();
  while (!signal.aborted) {
    try {
      const { total } = await platform.tasks('READY', 1);
      for (let missing = backlog - total; missing > 0 && !signal.aborted; missing--) {
        await platform.createTask(task);
        task = next();
      }
    } catch {
      // The platform is away; the task that it may have made is made again under the same id.
    }
    await delay(LOOK_MS);
  }
}
