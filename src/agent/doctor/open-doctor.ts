import { statfsSync } from 'node:fs';
import { arch, release, type } from 'node:os';
import type { ControlHandlers } from '../../shared/control-api.ts';
import { DISK_AREAS, type DiskUse, type DoctorReport } from '../../shared/doctor.ts';
import type { Status } from '../../shared/status.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import type { HomePaths } from '../home/home-paths.ts';
import { sizeOf } from '../home/size-of.ts';
import { examineHost, examineMachine } from './examine-host.ts';
import { checkCredentialsStore } from './platform-checks.ts';

export interface DoctorOptions {
  config: AgentConfig;
  environment: Readonly<Record<string, string | undefined>>;
  paths: HomePaths;
  status: () => Status;
  now: () => number;
}

/** An agent that looks at its own machine: one look at a time, however many ask. */
export function openDoctor(options: DoctorOptions): Pick<ControlHandlers, 'doctor' | 'diskUse'> {
  return {
    doctor: oneAtATime(() => examine(options)),
    diskUse: oneAtATime(() => measure(options)),
  };
}

async function examine({ config, environment, status, now }: DoctorOptions): Promise<DoctorReport> {
  const { agent, connection } = status();
  const findings = [
    ...examineMachine(config.homeDir),
    ...(await examineHost({
      config,
      environment,
      agent,
      connection,
      hasCredentials: true,
      store: checkCredentialsStore(config, true),
      now,
    })),
  ];
  return {
    at: new Date(now()).toISOString(),
    checks: findings.map(({ exitCode: _exitCode, ...check }) => check),
    host: { system: `${type()} ${release()}`, arch: arch(), node: process.versions.node },
  };
}

async function measure({ config, paths }: DoctorOptions): Promise<DiskUse> {
  const { bavail, blocks, bsize } = statfsSync(paths.home);
  const areas: DiskUse['areas'] = [];
  // One after the other: a disk has other work too.
  for (const area of DISK_AREAS) areas.push({ area, bytes: await sizeOf(paths[area]) });
  return {
    freeBytes: bavail * bsize,
    totalBytes: blocks * bsize,
    reserveBytes: config.settings.diskReserveBytes,
    areas,
  };
}

function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | null = null;
  return () => {
    underWay ??= work().finally(() => {
      underWay = null;
    });
    return underWay;
  };
}
