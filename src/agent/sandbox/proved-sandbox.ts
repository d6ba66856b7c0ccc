import type { SandboxStatus } from '../../shared/run.ts';
import type { Containment } from '../process/containment.ts';
import type { OutputPipeSource } from '../process/output-pipes.ts';
import type { HeldLevel, Launcher } from './launcher.ts';
import { LiveRobots } from './live-robots.ts';
import type { SandboxPolicy } from './policy.ts';
import { requireLevel } from './require-level.ts';
import type { Sandbox } from './sandbox.ts';
import { createSandboxOff, statusOff } from './sandbox-off.ts';

/** What a system has to say of its levels. */
export interface ProvedSandboxOptions {
  /** What ends trees at the level off. */
  containment: Containment;
  pipes: OutputPipeSource;
  /** Tries a level: why it is not to be had, and what to do; null: it holds. Called again only after `forget`. */
  tryLevel: (level: HeldLevel) => Promise<string | null>;
  /** What a level that holds lacks all the same. */
  missing: (policy: SandboxPolicy) => string[];
  /** Why it lacks that, where it is to be said. */
  reason?: string;
  /** Only for levels that were tried and hold. */
  launch: Launcher;
}

/** Levels that hold what they say: each was tried, and where one is not to be had there is the level off. */
export function createProvedSandbox(options: ProvedSandboxOptions): Sandbox {
  const { containment, pipes, tryLevel, missing, reason = null, launch } = options;
  const live = new LiveRobots();
  const off = createSandboxOff({ containment, reason: '' });
  const trials = new Map<HeldLevel, Promise<string | null>>();
  const failed = new Set<HeldLevel>();

  function whyNot(level: HeldLevel): Promise<string | null> {
    const known = trials.get(level);
    if (known) return known;
    const trial = tryLevel(level).then((why) => {
      if (why !== null) failed.add(level);
      return why;
    });
    trials.set(level, trial);
    return trial;
  }

  async function detect(policy: SandboxPolicy): Promise<SandboxStatus> {
    const { level } = policy;
    const why = level === 'off' ? null : await whyNot(level);
    if (level === 'off' || why !== null) return statusOff(policy, containment, why);
    return { requested: level, achieved: level, missing: missing(policy), reason };
  }

  return {
    detect,
    forget: () => {
      for (const level of failed) trials.delete(level);
      failed.clear();
    },
    prepare: async (command, job) => {
      const status = requireLevel(await detect(job.policy), job.policy.required);
      const { achieved } = status;
      if (achieved === 'off') {
        const policy: SandboxPolicy = { ...job.policy, level: 'off', required: false };
        return { ...(await off.prepare(command, { ...job, policy })), status };
      }
      const launched = await launch(achieved, command, job);
      return { status, start: async () => live.add(await launched.start()), discard: launched.discard };
    },
    stop: async (graceMs) => {
      await Promise.all([live.stop(graceMs), off.stop(graceMs)]);
      await pipes.close();
    },
  };
}
