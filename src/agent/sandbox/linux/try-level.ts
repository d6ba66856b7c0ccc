import type { RobotProcess } from '../../process/robot-process.ts';
import { NO_LIMITS } from '../policy.ts';
import type { SandboxJob } from '../sandbox.ts';
import { CANARY, layOutCanary, readCanary } from './canary.ts';
import { explainRefusal } from './explain-refusal.ts';
import type { Launcher } from './launch.ts';

/**
 * Sends a canary into a level, on the way that robots go.
 * @returns why the level is not to be had, and what to do; null: it holds
 */
export async function tryLevel(
  level: 'standard' | 'strict',
  launch: Launcher,
  agentHome: string,
): Promise<string | null> {
  const isPrivate = level === 'strict';
  const canary = await layOutCanary(agentHome, level);
  try {
    const job: SandboxJob = {
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
    };
    const command = {
      file: '/bin/sh',
      args: ['-c', CANARY, 'sh', ...canary.args, isPrivate ? 'private' : 'shared'],
      cwd: canary.writeDir,
      env: { PATH: '/usr/bin:/bin' },
    };
    const { output, said } = await listen(await (await launch(level, command, job)).start());
    const open = readCanary(output);
    if (open === null) return explainRefusal(said);
    return open.length === 0 ? null : `Tried from within, these were not held back: ${open.join(', ')}.`;
  } catch (error) {
    return explainRefusal(error instanceof Error ? error.message : String(error));
  } finally {
    await canary.close();
  }
}

async function listen(robot: RobotProcess): Promise<{ output: string; said: string }> {
  const texts = { output: '', said: '' };
  robot.stdout.on('data', (chunk: Buffer) => {
    texts.output += chunk.toString();
  });
  robot.stderr.on('data', (chunk: Buffer) => {
    texts.said += chunk.toString();
  });
  await robot.exited;
  return texts;
}
