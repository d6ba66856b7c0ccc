import { createServer } from 'node:net';
import { layOutCanary, readCanary } from '../linux/canary.ts';
import { NO_LIMITS } from '../policy.ts';
import { CANARY } from './canary.ts';
import type { MacLauncher } from './launch.ts';

/**
 * Sends a canary into a level, on the way that robots go.
 * @returns why the level is not to be had, and what to do; null: it holds
 */
export async function tryMacLevel(
  level: 'standard' | 'strict',
  launch: MacLauncher,
  agentHome: string,
): Promise<string | null> {
  const isPrivate = level === 'strict';
  const canary = await layOutCanary(agentHome, level);
  const port = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      port.once('error', reject);
      port.listen(0, '127.0.0.1', resolve);
    });
    const address = port.address();
    const number = typeof address === 'object' && address !== null ? address.port : 0;
    const launched = await launch(
      level,
      {
        file: '/bin/sh',
        args: ['-c', CANARY, 'sh', ...canary.args, isPrivate ? 'private' : 'shared', String(number)],
        cwd: canary.writeDir,
        env: { PATH: '/usr/bin:/bin' },
      },
      {
        policy: {
          level,
          required: true,
          gui: 'none',
          allowedHosts: isPrivate ? [] : null,
          files: { read: [], write: [] },
          sockets: [],
          homeMode: 'run',
          limits: NO_LIMITS,
        },
        cookie: { name: 'KUBOT_STEP_ID', value: `canary-${process.pid}-${level}` },
        places: { write: [canary.writeDir], read: [], tmpDir: canary.writeDir },
        gateway: null,
      },
    );
    const robot = await launched.start();
    const texts = { output: '', said: '' };
    robot.stdout.on('data', (chunk: Buffer) => {
      texts.output += chunk.toString();
    });
    robot.stderr.on('data', (chunk: Buffer) => {
      texts.said += chunk.toString();
    });
    await robot.exited;
    return judgeCanary(texts.output, texts.said);
  } catch (error) {
    return judgeCanary('', error instanceof Error ? error.message : String(error));
  } finally {
    port.close();
    await canary.close();
  }
}

/** @param said what sandbox-exec wrote to stderr */
export function judgeCanary(output: string, said: string): string | null {
  const open = readCanary(output);
  if (open !== null)
    return open.length === 0 ? null : `Tried from within, these were not held back: ${open.join(', ')}.`;
  const last = said.trim().split('\n').at(-1) ?? '';
  const nested = /sandbox_apply: Operation not permitted/.test(said)
    ? ' The agent itself runs in a sandbox: start it outside.'
    : '';
  return `sandbox-exec did not work.${last === '' ? '' : ` It said: ${last.slice(0, 200)}.`}${nested}`;
}
