import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SeedInput } from '../../src/platform/seed.ts';

const SERVE = join(import.meta.dirname, '..', 'fixtures', 'platform', 'serve.ts');

export interface PlatformChild {
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly bearerToken: string;
  /** The most memory that it ever took. */
  maxRssBytes(): Promise<number>;
  /** Ends it as a crash would: nothing is closed. */
  kill(): Promise<void>;
}

/** The embedded platform in a process of its own, with its state in `dataDir`. */
export async function startPlatformChild(dataDir: string, seed: SeedInput): Promise<PlatformChild> {
  const child = fork(SERVE, [dataDir, JSON.stringify(seed)]);
  const access = (await answerOf(child)) as Pick<
    PlatformChild,
    'url' | 'clientId' | 'clientSecret' | 'bearerToken'
  >;
  return {
    ...access,
    maxRssBytes: async () => {
      const answered = answerOf(child);
      child.send('memory');
      return ((await answered) as { maxRssBytes: number }).maxRssBytes;
    },
    kill: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The child's next message. @throws when it ends before it says anything */
function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null) => reject(new Error(`The platform ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}
