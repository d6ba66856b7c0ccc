import { realpathSync } from 'node:fs';
import { toAgentError } from '../../shared/errors.ts';
import type { SandboxStatus } from '../../shared/run.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import { grantedDir } from '../home/granted-sockets.ts';
import { findUserHome } from '../home/user-home.ts';
import type { Containment } from '../process/containment.ts';
import type { AllowListProxyOptions } from './allow-list-proxy.ts';
import { createSandbox } from './create-sandbox.ts';
import { type SandboxPolicy, sandboxPolicy } from './policy.ts';
import { requireLevel } from './require-level.ts';
import type { Sandbox, SandboxLevel } from './sandbox.ts';

export interface OpenSandboxOptions {
  config: AgentConfig;
  environment: Readonly<Record<string, string | undefined>>;
  containment: Containment;
  upstreamProxy: AllowListProxyOptions['upstream'];
  bwrapPaths?: readonly string[] | undefined;
  /** Another level is to be had now than before. */
  onChange?: () => void;
  /** How often a level that is asked for and could not be had is tried again. */
  retryEveryMs?: number;
}

const MINUTE_MS = 60_000;

/** This host's sandbox by its settings, each level tried; those that could not be had are tried again. */
export interface OpenedSandbox {
  sandbox: Sandbox;
  /** What a robot whose settings say nothing gets. */
  status: () => SandboxStatus;
  policyOf: (robotCode: string) => SandboxPolicy;
  /** Why a robot is never run here; null: nothing of its sandbox stands against it. */
  refusalOf: (robotCode: string) => string | null;
  /** Tries again at once what could not be had. */
  retry: () => Promise<void>;
}

/** What is not there yet has none. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

export async function openSandbox(options: OpenSandboxOptions): Promise<OpenedSandbox> {
  const { config, environment } = options;
  const userHome = findUserHome();
  const sandbox = createSandbox({
    platform: process.platform,
    arch: process.arch,
    containment: options.containment,
    host: {
      agentHome: realPath(config.homeDir),
      controlDir: grantedDir(process.platform, environment),
      userHomes: [userHome, ...(environment.HOME ? [environment.HOME] : [])],
      secretFiles: config.secretFilePath === null ? [] : [config.secretFilePath],
    },
    upstreamProxy: options.upstreamProxy,
    environment,
    bwrapPaths: options.bwrapPaths,
  });
  const detect = (level: SandboxLevel) =>
    sandbox.detect(sandboxPolicy({ ...config.settings, sandbox: level }, userHome));
  // Trying a level takes time that the start of an agent has no use for, where nobody asks for it.
  const { settings } = config;
  const asked = new Set([settings.sandbox, ...Object.values(settings.robots).map((robot) => robot.sandbox)]);
  const statuses = new Map<SandboxLevel, SandboxStatus>();
  const tryAll = async (levels: Iterable<SandboxLevel | undefined>) => {
    await Promise.all(
      [...levels].map(async (level) => {
        if (level !== undefined) statuses.set(level, await detect(level));
      }),
    );
  };
  await tryAll(asked);
  let stopped = false;
  const retry = async () => {
    const lowered = [...statuses].filter(([level, { achieved }]) => achieved !== level);
    if (lowered.length === 0) return;
    sandbox.forget();
    await tryAll(lowered.map(([level]) => level));
    const isChanged = lowered.some(([level, before]) => statuses.get(level)?.achieved !== before.achieved);
    if (isChanged && !stopped) options.onChange?.();
  };
  const timer = setInterval(() => void retry(), options.retryEveryMs ?? MINUTE_MS).unref();
  const statusOf = (level: SandboxLevel): SandboxStatus => {
    const status = statuses.get(level);
    if (!status) throw new Error(`The sandbox level ${level} was never tried`);
    return status;
  };
  const policyOf = (robotCode: string) => sandboxPolicy(config.robot(robotCode), userHome);
  return {
    sandbox: {
      ...sandbox,
      stop: async (graceMs) => {
        stopped = true;
        clearInterval(timer);
        await sandbox.stop(graceMs);
      },
    },
    status: () => statusOf(settings.sandbox),
    policyOf,
    retry,
    refusalOf: (robotCode) => {
      const { level, required } = policyOf(robotCode);
      try {
        requireLevel(statusOf(level), required);
        return null;
      } catch (error) {
        return toAgentError(error).message;
      }
    },
  };
}
