import type { Server } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AgentError } from '../../../shared/errors.ts';
import { ownScript } from '../../process/own-script.ts';
import type { RobotChannel } from '../../process/robot-channel.ts';
import { type StartedProcess, type StartProcessOptions, startProcess } from '../../process/start-process.ts';
import { type AllowListProxyOptions, createAllowListProxy, proxyVariables } from '../allow-list-proxy.ts';
import type { Launch } from '../launcher.ts';
import type { SandboxJob } from '../sandbox.ts';
import { findXvfb, SCREEN_SIZE, screenAuthority } from './screen.ts';

/** What there is to do inside before the robot starts. */
export interface Entry {
  /** The network is private. */
  doors: boolean;
  /** The X server of a private screen; null: none is wanted. */
  xvfbPath: string | null;
}

const findScript = () => ownScript(import.meta, 'enter-sandbox.mts');

/** What the entry needs to see inside. */
export function entryTools(): string[] {
  return [process.execPath, findScript()];
}

/** What a robot's policy asks for before its start; null: nothing, so that bwrap starts the robot itself. */
export function entryFor({ policy }: Pick<SandboxJob, 'policy'>): Entry | null {
  const doors = policy.allowedHosts !== null;
  const xvfbPath = policy.gui === 'virtual' ? (findXvfb() ?? null) : null;
  return doors || xvfbPath !== null ? { doors, xvfbPath } : null;
}

export interface EnterOptions {
  entry: Entry;
  job: SandboxJob;
  upstream: AllowListProxyOptions['upstream'];
  /** How the robot is started in the end. */
  robot: StartProcessOptions;
}

const READY_WITHIN_MS = 30_000;

/**
 * Starts a program of ours inside that opens the private network's doors and screen and waits to become the robot.
 * The doors' listening sockets come out to the agent, which accepts on them: no forwarder is left inside.
 * @throws AgentError POLICY_REFUSED when it does not come so far; nothing of the robot's ran then
 */
export async function enterSandbox({ entry, job, upstream, robot }: EnterOptions): Promise<Launch> {
  const doors: Server[] = [];
  const proxy = createAllowListProxy({
    patterns: job.policy.allowedHosts ?? [],
    upstream,
    onContact: (contact) => job.onContact?.(contact),
  });
  const closeDoors = () => {
    for (const door of doors) door.close();
    proxy.close();
  };
  const inside = await startProcess({
    ...robot,
    file: process.execPath,
    args: ['--no-warnings', findScript()],
    env: { PATH: '/usr/bin:/bin' },
    ...(robot.enclosure && { enclosure: { ...robot.enclosure, channel: true } }),
  });
  void inside.exited.then(closeDoors);
  const variables: Record<string, string> = {};
  try {
    const channel = channelOf(inside);
    const authorityPath = join(job.places.tmpDir, '.Xauthority');
    channel.send({
      ...(entry.doors && { doors: { gatewayPort: job.gateway?.port ?? null } }),
      ...(entry.xvfbPath !== null && {
        screen: {
          program: entry.xvfbPath,
          authorityPath,
          authority: screenAuthority().toString('hex'),
          size: SCREEN_SIZE,
        },
      }),
    });
    const tooLong = AbortSignal.timeout(READY_WITHIN_MS);
    for (let ready = false; !ready; ) {
      const { content, server } = await within(channel.receive(), tooLong);
      const message = readMessage(content);
      if (server) doors.push(server);
      if (message.kind === 'gateway' && server) job.gateway?.serve(server);
      if (message.kind === 'proxy' && server) {
        proxy.serve(server);
        Object.assign(variables, proxyVariables(`http://127.0.0.1:${message.port}`));
      }
      if (message.kind === 'failed') throw new Error(message.message);
      ready = message.kind === 'ready';
      if (message.display !== '')
        Object.assign(variables, { DISPLAY: message.display, XAUTHORITY: authorityPath });
    }
  } catch (error) {
    const said = await lastWordsOf(inside);
    closeDoors();
    throw new AgentError(
      'POLICY_REFUSED',
      `The robot's sandbox could not be made ready: ${said || (error instanceof Error ? error.message : String(error))}`,
      { hint: 'See kubot doctor and the agent log; nothing of the robot was run.', cause: error },
    );
  }
  let started = false;
  return {
    start: async () => {
      started = true;
      const env = { ...robot.env, ...variables, [robot.cookie.name]: robot.cookie.value };
      inside.restartUsage();
      channelOf(inside).send({ file: robot.file, args: [...robot.args], env });
      return inside;
    },
    discard: async () => {
      if (started) return;
      inside.stdout.resume();
      inside.stderr.resume();
      await inside.kill();
    },
  };
}

interface Message {
  kind: string;
  port: number;
  message: string;
  display: string;
}

/** It comes from a program of ours, but from inside. */
function readMessage(content: unknown): Message {
  const fields: Record<string, unknown> =
    typeof content === 'object' && content !== null ? { ...content } : {};
  return {
    kind: String(fields.kind),
    port: Number(fields.port ?? 0),
    message: String(fields.message ?? ''),
    display: typeof fields.display === 'string' ? fields.display : '',
  };
}

function channelOf(inside: StartedProcess): RobotChannel {
  if (!inside.channel) throw new Error('A sandbox was entered without its channel');
  return inside.channel;
}

async function within<T>(work: Promise<T>, tooLong: AbortSignal): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    const fail = () => reject(new Error('it took too long'));
    if (tooLong.aborted) fail();
    tooLong.addEventListener('abort', fail, { once: true });
  });
  late.catch(() => undefined);
  return await Promise.race([work, late]);
}

/** What bwrap or the entry wrote before it ended. */
async function lastWordsOf(inside: StartedProcess): Promise<string> {
  let said = '';
  inside.stdout.resume();
  inside.stderr.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-2000);
  });
  await Promise.race([inside.exited, wait(100)]);
  await inside.kill();
  return said.trim().split('\n').at(-1) ?? '';
}
