import { createServer } from 'node:net';
import { sendCanary } from '../canary.ts';
import type { HeldLevel, Launcher } from '../launcher.ts';
import { CANARY } from './canary.ts';

/** Sends a canary into a level; a port of the loopback says whether the network is private. Answers as sendCanary. */
export async function tryMacLevel(
  level: HeldLevel,
  launch: Launcher,
  agentHome: string,
): Promise<string | null> {
  const port = createServer((socket) => socket.destroy());
  try {
    await new Promise<void>((resolve, reject) => {
      port.once('error', reject);
      port.listen(0, '127.0.0.1', resolve);
    });
    const address = port.address();
    const number = typeof address === 'object' && address !== null ? address.port : 0;
    return await sendCanary({
      level,
      launch,
      agentHome,
      script: CANARY,
      more: [String(number)],
      explain: explainFailure,
    });
  } catch (error) {
    return explainFailure(error instanceof Error ? error.message : String(error));
  } finally {
    port.close();
  }
}

/** @param said what sandbox-exec wrote to stderr */
export function explainFailure(said: string): string {
  const last = said.trim().split('\n').at(-1) ?? '';
  const nested = /sandbox_apply: Operation not permitted/.test(said)
    ? ' The agent itself runs in a sandbox: start it outside.'
    : '';
  return `sandbox-exec did not work.${last === '' ? '' : ` It said: ${last.slice(0, 200)}.`}${nested}`;
}
