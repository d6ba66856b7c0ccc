// Runs inside a sandbox, before the robot: opens the doors of its private network, starts its private screen, and
// then becomes the robot. It imports nothing of the project's: it is all that the sandbox shows of it.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import type { Readable } from 'node:stream';

interface Request {
  /** Port of the gateway on the private loopback; null: none. Absent: the network is shared. */
  doors?: { gatewayPort: number | null };
  screen?: { program: string; authorityPath: string; authority: string; size: string };
}

interface Robot {
  file: string;
  args: string[];
  env: Record<string, string>;
}

process.once('message', (request: Request) => void prepare(request));

async function prepare(request: Request): Promise<void> {
  try {
    if (request.doors) await openDoors(request.doors.gatewayPort);
    const display = request.screen && (await startScreen(request.screen));
    process.once('message', (robot: Robot) => becomeRobot(robot));
    process.send?.({ kind: 'ready', display: display ?? null });
  } catch (error) {
    process.send?.({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  }
}

/** The sockets go to the agent, which accepts on them: nothing of ours stays inside. */
async function openDoors(gatewayPort: number | null): Promise<void> {
  if (gatewayPort !== null) await handOver('gateway', gatewayPort);
  await handOver('proxy', 0);
}

async function handOver(kind: string, port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  await new Promise<void>((resolve, reject) => {
    process.send?.({ kind, port: portOf(server) }, server, {}, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Not in the robot's group, or the signal that asks the robot to end would take its screen away first. */
async function startScreen(screen: NonNullable<Request['screen']>): Promise<string> {
  // An X server that is not root's does not make this folder.
  mkdirSync('/tmp/.X11-unix', { recursive: true });
  chmodSync('/tmp/.X11-unix', 0o1777);
  writeFileSync(screen.authorityPath, Buffer.from(screen.authority, 'hex'), { mode: 0o600 });
  const name = `:${freeDisplay()}`;
  const args = [name, '-displayfd', '3', '-screen', '0', screen.size, '-auth', screen.authorityPath];
  const server = spawn(screen.program, [...args, '-nolisten', 'tcp', '-nolisten', 'local', '-noreset'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  await untilReady(server);
  return name;
}

/** Numbers that no screen of a person has. */
const FIRST_DISPLAY = 1000;
const DISPLAYS = 50_000;

/**
 * Programs look for a screen at its abstract socket first, and those belong to the network: where that is shared, they
 * would find the host's screen of the same number.
 */
function freeDisplay(): number {
  const sockets = readFileSync('/proc/net/unix', 'utf8');
  for (;;) {
    const number = randomInt(FIRST_DISPLAY, FIRST_DISPLAY + DISPLAYS);
    if (!sockets.includes(`@/tmp/.X11-unix/X${number}\n`)) return number;
  }
}

/** The server says its number and ends the line when programs may connect; who leaves in between ends the server. */
function untilReady(server: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const output = server.stdio[3] as Readable;
    output.on('data', (chunk: Buffer) => {
      if (chunk.includes('\n')) resolve();
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`The private screen ended at once (exit code ${code}).`)));
  });
}

function becomeRobot({ file, args, env }: Robot): void {
  // Node ignores these, and what is ignored stays so over an exec; what is handled goes back to its default.
  for (const name of ['SIGPIPE', 'SIGXFSZ'] as const) process.on(name, () => undefined);
  process.execve?.(file, [file, ...args], env);
}
