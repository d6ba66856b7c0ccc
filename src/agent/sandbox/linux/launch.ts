import { AgentError } from '../../../shared/errors.ts';
import type { Bwrap, Enclosure } from '../../process/containment.ts';
import type { OutputPipeSource } from '../../process/output-pipes.ts';
import { startProcess } from '../../process/start-process.ts';
import type { AllowListProxyOptions } from '../allow-list-proxy.ts';
import type { HostPlaces } from '../host-places.ts';
import { type Launch, type Launcher, warnOfAbsent } from '../launcher.ts';
import type { SandboxJob } from '../sandbox.ts';
import { withLimits } from '../with-limits.ts';
import type { Cgroups } from './cgroups.ts';
import { enterSandbox, entryFor, entryTools } from './enter.ts';
import type { FilterSource } from './filter-source.ts';
import { mountArguments } from './mounts.ts';
import { hostScreen } from './screen.ts';

export interface LauncherOptions {
  bwrap: Bwrap;
  filters: FilterSource;
  host: HostPlaces;
  upstreamProxy: AllowListProxyOptions['upstream'];
  cgroups: Cgroups | null;
  pipes: OutputPipeSource;
}

export function createLauncher(options: LauncherOptions): Launcher {
  const { bwrap, filters, host, cgroups, pipes } = options;
  return async (level, command, job) => {
    const { policy, cookie } = job;
    const userHome = host.userHomes[0] ?? '/';
    const screen = policy.gui === 'host' ? hostScreen(command.env, userHome) : { paths: [], variables: {} };
    warnOfAbsent(job);
    warnOfNoScreen(job);
    const entry = entryFor(job);
    const cgroupDir = enterCgroup(job, cgroups);
    const enclosure: Enclosure = {
      options: [
        ...['--unshare-ipc', '--unshare-uts', '--cap-drop', 'ALL'],
        ...(policy.allowedHosts === null ? [] : ['--unshare-net']),
        ...mountArguments({
          level,
          policy,
          host: { ...host, tools: entry ? entryTools() : [] },
          places: job.places,
          screen: screen.paths,
          limitsTmpfs: bwrap.limitsTmpfs,
        }),
        ...['--chdir', command.cwd],
      ],
      openFilter: () => filters.open(level),
      ...(cgroupDir !== undefined && { cgroupDir }),
    };
    const robot = {
      ...withLimits(command, {
        ...policy.limits,
        // Of a user, everywhere on this machine: where the tree's can be counted it would only be in the way.
        ...(cgroupDir !== undefined && cgroups?.controllers.includes('pids') && { processes: null }),
      }),
      cwd: command.cwd,
      env: { ...command.env, ...screen.variables },
      cookie,
      containment: { kind: 'pid-namespace', bwrapPath: bwrap.path } as const,
      enclosure,
      pipes,
    };
    const launch: Promise<Launch> = entry
      ? enterSandbox({ entry, job, upstream: options.upstreamProxy, robot })
      : Promise.resolve({ start: () => startProcess(robot), discard: async () => undefined });
    if (cgroupDir === undefined || cgroups === null) return await launch;
    return await withCgroup(launch, cgroups, cgroupDir);
  };
}

/** The cgroup goes with what was launched in it, and tells which of its limits that ran into. */
async function withCgroup(launching: Promise<Launch>, cgroups: Cgroups, dir: string): Promise<Launch> {
  const launch = await launching.catch(async (error: unknown) => {
    await cgroups.remove(dir);
    throw error;
  });
  let started = false;
  return {
    start: async () => {
      const robot = await launch.start();
      started = true;
      const exited = robot.exited.then((exit) => {
        const limit = cgroups.findLimitHit(dir);
        void cgroups.remove(dir);
        return { ...exit, ...(limit !== undefined && { limit }) };
      });
      return { ...robot, exited };
    },
    discard: async () => {
      await launch.discard();
      if (!started) await cgroups.remove(dir);
    },
  };
}

/**
 * Makes the cgroup that the job's limits are set in; undefined: there are none, or none was delegated.
 * @throws AgentError POLICY_REFUSED when it cannot be made and the level may not be lowered
 */
function enterCgroup({ policy, cookie, onWarning }: SandboxJob, cgroups: Cgroups | null): string | undefined {
  if (cgroups === null || Object.values(policy.limits).every((limit) => limit === null)) return undefined;
  const dir = cgroups.create(cookie.value, policy.limits);
  if (dir !== null) return dir;
  const message = 'The cgroup that holds this robot to its limits could not be made.';
  if (policy.required)
    throw new AgentError('POLICY_REFUSED', message, { hint: 'See the limits of the agent’s unit.' });
  onWarning?.(message);
  return undefined;
}

function warnOfNoScreen({ policy, onWarning }: SandboxJob): void {
  if (policy.gui === 'virtual' && entryFor({ policy })?.xvfbPath == null)
    onWarning?.(
      'This robot is to have a private screen, but this host has no Xvfb: install the package xvfb.',
    );
}
