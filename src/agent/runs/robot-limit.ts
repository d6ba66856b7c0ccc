import type { AgentConfig } from '../config/agent-config.ts';

/** How many runs of a robot this host has at the same time: its own setting, else what holds for each robot. */
export function robotLimit({ settings, robot }: AgentConfig, robotCode: string): number {
  return settings.robots[robotCode]?.maxConcurrentRuns ?? robot(robotCode).maxConcurrentRunsPerRobot;
}
