import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { StopMessage } from '../../src/shared/stop-message.ts';
import type { Lab } from './lab.ts';

const PROGRAM = resolve(import.meta.dirname, '../../src/cli/main.ts');
/** For an agent to come somewhere, on a slow machine too. */
const WAIT_MS = 110_000;

/** An agent in a process of its own, in a lab's home: what can be killed. */
export interface AgentProcess {
  readonly pid: number;
  /** What it printed, `agent --json`. */
  readonly events: readonly { event: string; run?: { id: string; taskId: string | null } }[];
  /** What it said to people. */
  readonly said: string;
  /** Its exit code, once it ended by itself; null for a signal. */
  readonly ended: Promise<number | null>;
  /** Once it printed so many events of this kind. */
  until(event: string, count?: number): Promise<void>;
  /** Sends a signal and waits for its end; resolves to the exit code, null for a signal. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Asks it to stop as a program does that started it. */
  tell(message: StopMessage): void;
}

/** Starts one in place of the lab's own agent, with the same settings if the home is the lab's. */
export async function startAgentProcess(
  lab: Lab,
  more: Record<string, string> = {},
  home = lab.home,
  flags: readonly string[] = [],
): Promise<AgentProcess> {
  await lab.agent.close();
  const { KUBOT_CLIENT_SECRET: secret = '', ...environment } = lab.environment;
  const secretPath = join(lab.dir, 'secret');
  writeFileSync(secretPath, secret, { mode: 0o600 });
  const child = spawn(process.execPath, [PROGRAM, 'agent', '--json', '--home', home, ...flags], {
    env: { ...process.env, ...environment, KUBOT_CLIENT_SECRET_FILE: secretPath, ...more },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  }) as ChildProcessByStdio<null, Readable, Readable>;
  const exit = once(child, 'exit').then(([code]) => code as number | null);
  let said = '';
  child.stderr.on('data', (part) => {
    said += String(part);
  });
  const events: { event: string }[] = [];
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => events.push(JSON.parse(line) as { event: string }));
  return {
    pid: child.pid ?? 0,
    events,
    get said() {
      return said;
    },
    ended: exit,
    until: async (event, count = 1) => {
      const enough = () => events.filter((one) => one.event === event).length >= count;
      while (!enough()) {
        if (hasEnded(child)) {
          const how = `${child.exitCode ?? child.signalCode} ${JSON.stringify(events.at(-1))}`;
          throw new Error(`The agent ended before ${event}: ${how} ${said}`);
        }
        const next = once(lines, 'line', { signal: AbortSignal.timeout(WAIT_MS) }).catch(() => 'never');
        if ((await Promise.race([next, exit])) === 'never')
          throw new Error(`The agent never told of ${event}: ${said}`);
      }
    },
    end: async (signal) => {
      if (hasEnded(child)) return child.exitCode;
      child.kill(signal);
      return await exit;
    },
    tell: (message) => child.send(message),
  };
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}
