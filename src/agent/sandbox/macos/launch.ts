import type { Containment } from '../../process/containment.ts';
import type { OutputPipeSource } from '../../process/output-pipes.ts';
import { startProcess } from '../../process/start-process.ts';
import { type AllowListProxyOptions, createAllowListProxy, proxyVariables } from '../allow-list-proxy.ts';
import type { HostPlaces } from '../host-places.ts';
import { type Launcher, warnOfAbsent } from '../launcher.ts';
import type { SandboxCommand, SandboxJob } from '../sandbox.ts';
import { withLimits } from '../with-limits.ts';
import { openProxyDoor } from './proxy-door.ts';
import { realPathOf } from './real-path.ts';
import { type ProfileRequest, seatbeltProfile } from './seatbelt-profile.ts';

export interface MacLauncherOptions {
  /** `/usr/bin/sandbox-exec`. */
  sandboxExec: string;
  host: HostPlaces;
  upstreamProxy: AllowListProxyOptions['upstream'];
  containment: Containment;
  pipes: OutputPipeSource;
}

export function createMacLauncher(options: MacLauncherOptions): Launcher {
  const { sandboxExec, host, containment, pipes } = options;
  return async (level, command, job) => {
    const { policy, cookie } = job;
    warnOfAbsent(job);
    warnOfNoScreen(job);
    const way = policy.allowedHosts === null ? null : await openWayOut(options, job);
    try {
      const ports = way && [way.port, ...(job.gateway ? [job.gateway.port] : [])];
      const profile = seatbeltProfile(profileRequest(level, job, host, ports));
      const robot = {
        ...sandboxExecCommand(sandboxExec, profile, command, job),
        cwd: realPathOf(command.cwd),
        env: { ...command.env, ...way?.variables },
        cookie,
        containment,
        pipes,
      };
      let started = false;
      return {
        start: async () => {
          started = true;
          try {
            const process = await startProcess(robot);
            void process.exited.then(() => way?.close());
            return process;
          } catch (error) {
            way?.close();
            throw error;
          }
        },
        discard: async () => {
          if (!started) way?.close();
        },
      };
    } catch (error) {
      way?.close();
      throw error;
    }
  };
}

/** sandbox-exec becomes the program; limits are set before, by a shell. Memory has none that macOS keeps. */
export function sandboxExecCommand(
  sandboxExec: string,
  profile: string,
  command: Pick<SandboxCommand, 'file' | 'args'>,
  { policy }: Pick<SandboxJob, 'policy'>,
): { file: string; args: readonly string[] } {
  const held = { file: sandboxExec, args: ['-p', profile, command.file, ...command.args] };
  return withLimits(held, { ...policy.limits, memoryBytes: null });
}

export function profileRequest(
  level: 'standard' | 'strict',
  { policy, places }: Pick<SandboxJob, 'policy' | 'places'>,
  host: HostPlaces,
  ports: readonly number[] | null,
): ProfileRequest {
  const real = (paths: readonly string[]) => [...new Set(paths.map((path) => realPathOf(path)))];
  return {
    level,
    policy,
    paths: {
      agentHome: realPathOf(host.agentHome),
      controlDirs: host.controlDir === null ? [] : [realPathOf(host.controlDir)],
      userHomes: real(host.userHomes).filter((path) => path !== '/'),
      secretFiles: real(host.secretFiles),
      write: real(places.write),
      read: real(places.read),
      grantedWrite: real(policy.files.write),
      grantedRead: real(policy.files.read),
      sockets: real(policy.sockets),
    },
    ports,
  };
}

/** The proxy of an allow-list, and the variables by which programs find it. */
async function openWayOut({ upstreamProxy }: MacLauncherOptions, job: SandboxJob) {
  const door = await openProxyDoor();
  const proxy = createAllowListProxy({
    patterns: job.policy.allowedHosts ?? [],
    upstream: upstreamProxy,
    onContact: (contact) => job.onContact?.(contact),
  });
  proxy.serve(door.server);
  return {
    port: door.port,
    variables: proxyVariables(door.url),
    close: () => {
      door.close();
      proxy.close();
    },
  };
}

function warnOfNoScreen({ policy, onWarning }: SandboxJob): void {
  if (policy.gui === 'virtual')
    onWarning?.('This robot is to have a private screen, but macOS has none: set gui to host or none.');
}
