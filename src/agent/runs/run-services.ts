import type { AgentConfig } from '../config/agent-config.ts';
import type { Courtesy } from '../courtesy/courtesy.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { HomePaths } from '../home/home-paths.ts';
import type { Journal } from '../journal/open-journal.ts';
import type { KuFlowClient } from '../kuflow/create-client.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import type { SandboxPolicy } from '../sandbox/policy.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import type { TakeMemory } from '../tasks/take-memory.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';
import type { ActiveRun } from './active-run.ts';
import type { Decider } from './decide.ts';
import type { PrepareFailures } from './prepare-failures.ts';
import type { RobotPreparer } from './robot-preparer.ts';
import type { Scheduler } from './scheduler.ts';
import type { RunVariables } from './variables-for-run.ts';

/** What the steps of a run share: real parts, wired once in create-agent.ts. */
export interface RunServices {
  readonly config: AgentConfig;
  readonly paths: HomePaths;
  readonly hostName: string;
  readonly installationId: string;
  readonly journal: Journal;
  readonly decider: Decider;
  readonly scheduler: Scheduler;
  /** Who sits at this host, and what robots that drive the screen owe them. */
  readonly courtesy: Courtesy;
  /**
   * Refuses new work while the host's disk is too full for it.
   * @throws AgentError HOST_DISK
   */
  readonly checkDisk: () => void;
  readonly preparer: RobotPreparer;
  /**
   * A robot that this host serves, by its id or code, as the platform has it at this moment.
   * @throws AgentError when the platform cannot be asked
   */
  readonly lookUpRobot: (idOrCode: string) => Promise<CatalogueRobot | undefined>;
  readonly failures: PrepareFailures;
  readonly client: KuFlowClient;
  readonly gateway: Gateway;
  readonly sandbox: Sandbox;
  /** What the settings let a robot have. */
  readonly sandboxPolicyOf: (robotCode: string) => SandboxPolicy;
  /** Secrets of the host's own, for masking. */
  readonly hostSecrets: () => string[];
  readonly variables: RunVariables;
  /** What takes taught of the platform and of other hosts. */
  readonly takes: TakeMemory;
  /** How often each task was put off in a row. */
  readonly postponed: Map<string, number>;
  readonly log: AgentLog;
  readonly now: () => number;
  /** From 0 to 1, for jitter. */
  readonly random: () => number;
  readonly sleep: (milliseconds: number, signal?: AbortSignal) => Promise<void>;
  /** Our principal on the platform, once the first registration told it. */
  readonly principalId: () => string | null;
  /** Aborts when the agent goes down: waits end, and what is unsettled is settled by the next start. */
  readonly closing: AbortSignal;
  /** The run is over for the manager: it leaves the list of live runs. */
  readonly leave: (active: ActiveRun) => void;
}
