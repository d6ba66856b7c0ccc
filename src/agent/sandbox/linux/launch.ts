import type { Bwrap, Enclosure } from '../../process/containment.ts';
import type { OutputPipeSource } from '../../process/output-pipes.ts';
import { startProcess } from '../../process/start-process.ts';
import type { AllowListProxyOptions } from '../allow-list-proxy.ts';
import type { HostPlaces } from '../host-places.ts';
import { type Launcher, warnOfAbsent } from '../launcher.ts';
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
    const isLimited = Object.values(policy.limits).some((limit) => limit !== null);
    const cgroupDir = isLimited ? (cgroups?.create(cookie.value, policy.limits) ?? undefined) : undefined;
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
      ...withLimits(command, policy.limits),
      cwd: command.cwd,
      env: { ...command.env, ...screen.variables },
      cookie,
      containment: { kind: 'pid-namespace', bwrapPath: bwrap.path } as const,
      enclosure,
      pipes,
    };
    const launch = entry
      ? await enterSandbox({ entry, job, upstream: options.upstreamProxy, robot })
      : { start: () => startProcess(robot), discard: async () => undefined };
    if (cgroupDir === undefined) return launch;
    return {
      start: async () => {
        const started = await launch.start();
        void started.exited.then(() => cgroups?.remove(cgroupDir));
        return started;
      },
      discard: async () => {
        await launch.discard();
        cgroups?.remove(cgroupDir);
      },
    };
  };
}

function warnOfNoScreen({ policy, onWarning }: SandboxJob): void {
  if (policy.gui === 'virtual' && entryFor({ policy })?.xvfbPath == null)
    onWarning?.(
      'This robot is to have a private screen, but this host has no Xvfb: install the package xvfb.',
    );
}
