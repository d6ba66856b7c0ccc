import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RobotProcess } from '../process/robot-process.ts';
import type { HeldLevel, Launcher } from './launcher.ts';
import { NO_LIMITS } from './policy.ts';
import type { SandboxJob } from './sandbox.ts';

/** Where a canary is sent in, and what it must not find there. */
export interface CanaryPlaces {
  writeDir: string;
  args: string[];
  /** Takes all of it away again. */
  close(): Promise<void>;
}

/** A file, a socket and a folder in places that a sandbox hides. @param agentHome where the agent's keys are */
export async function layOutCanary(agentHome: string, level: string): Promise<CanaryPlaces> {
  const dir = mkdtempSync(join(agentHome, '.canary-'));
  // A socket's path has room for about 100 bytes, which a home may be longer than.
  const socketDir = mkdtempSync(join(tmpdir(), 'kubot-canary-'));
  const writeDir = join(dir, 'own');
  mkdirSync(writeDir);
  const marker = join(dir, 'marker');
  writeFileSync(marker, 'seen', { mode: 0o600 });
  const socketPath = join(socketDir, 's');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  return {
    writeDir,
    args: [marker, join(dir, 'outside'), join(writeDir, 'inside'), socketPath, String(process.pid), level],
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      for (const path of [dir, socketDir]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** What a canary is sent into, on the way that robots go. */
export interface Trial {
  level: HeldLevel;
  launch: Launcher;
  /** Where the agent's keys are. */
  agentHome: string;
  /** For `sh`: says each thing that it could do, and `ended` at its end. $1 to $6 as laid out, $7 `private` or `shared`. */
  script: string;
  /** From $8 on. */
  more?: readonly string[];
  /** Why the canary never came to its end, by what was said to stderr or by the error. */
  explain: (said: string) => string;
}

/** @returns why the level is not to be had, and what to do; null: it holds */
export async function sendCanary({
  level,
  launch,
  agentHome,
  script,
  more = [],
  explain,
}: Trial): Promise<string | null> {
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
      args: ['-c', script, 'sh', ...canary.args, isPrivate ? 'private' : 'shared', ...more],
      cwd: canary.writeDir,
      env: { PATH: '/usr/bin:/bin' },
    };
    const { output, said } = await listen(await (await launch(level, command, job)).start());
    return judgeCanary(output, said, explain);
  } catch (error) {
    return explain(error instanceof Error ? error.message : String(error));
  } finally {
    await canary.close();
  }
}

/** As sendCanary says, of what the canary wrote. */
export function judgeCanary(output: string, said: string, explain: Trial['explain']): string | null {
  const open = readCanary(output);
  if (open === null) return explain(said);
  return open.length === 0 ? null : `Tried from within, these were not held back: ${open.join(', ')}.`;
}

/** A canary takes 7 ms; one that hangs is not to hold up the agent's start. */
const CANARY_WITHIN_MS = 30_000;

async function listen(robot: RobotProcess): Promise<{ output: string; said: string }> {
  const late = setTimeout(() => void robot.kill(), CANARY_WITHIN_MS);
  const texts = { output: '', said: '' };
  robot.stdout.on('data', (chunk: Buffer) => {
    texts.output += chunk.toString();
  });
  robot.stderr.on('data', (chunk: Buffer) => {
    texts.said += chunk.toString();
  });
  await robot.exited;
  clearTimeout(late);
  return texts;
}

/** What the canary found open, each once; null: it never came to its end. */
export function readCanary(output: string): string[] | null {
  const lines = output.split('\n').filter((line) => line !== '');
  if (lines.pop() !== 'ended') return null;
  return [...new Set(lines)];
}
