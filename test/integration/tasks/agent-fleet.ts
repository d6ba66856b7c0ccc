import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PlatformBehaviour } from '../../../src/platform/behaviour.ts';
import type { Run } from '../../../src/shared/run.ts';
import { type AgentProcess, startAgentProcess } from '../../helpers/agent-process.ts';
import { startCollector } from '../../helpers/collector.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';
import { waitingRobot } from '../runs/waiting-robot.ts';
import { runsInJournal, until } from '../survival/judge.ts';

/** Several agents in processes of their own, each with its own home, on one platform. */
export interface AgentFleet {
  lab: Lab;
  /** Moves the platform's clock forward. */
  advance(minutes: number): void;
  /** Starts the agent of this number, anew if it was there before. */
  start(index: number): Promise<AgentProcess>;
  /** Runs that an agent knows of, newest first. */
  runsOf(index: number): Run[];
  /** How often the robot was started for each task, as it told the witness beside agents and platform. */
  starts(): Promise<Map<string, number>>;
  close(): Promise<void>;
}

const TELL = "await fetch(process.env.WITNESS, { method: 'POST', body: process.env.KUFLOW_TASK_ID });";

/** Tasks QUICK are done at once; tasks HOLD last until they are ended. */
export async function openFleet(options: {
  credentials: 'shared' | 'own';
  behaviour?: Partial<PlatformBehaviour>;
  settings?: Record<string, unknown>;
}): Promise<AgentFleet> {
  const { credentials, behaviour, settings } = options;
  const witness = await startCollector();
  const environmentVariables = { WITNESS: witness.url };
  let aheadMs = 0;
  const lab = await startLab({
    robots: {
      QUICK: nodeRobot(TELL, { environmentVariables }),
      HOLD: { ...waitingRobot({ before: `${TELL} console.log('holding');` }), environmentVariables },
    },
    tasks: [
      { code: 'QUICK', later: true },
      { code: 'HOLD', later: true },
    ],
    ...(behaviour && { behaviour }),
    ...(settings && { settings }),
    platformNow: () => Date.now() + aheadMs,
  });
  const agents = new Map<number, AgentProcess>();
  const homeOf = (index: number) => join(lab.dir, `agent ${index}`);
  const environments = new Map<number, Record<string, string>>();
  return {
    lab,
    advance: (minutes) => {
      aheadMs += minutes * 60_000;
    },
    start: async (index) => {
      const home = homeOf(index);
      if (!environments.has(index)) {
        mkdirSync(home, { mode: 0o700 });
        cpSync(join(lab.home, 'settings.json'), join(home, 'settings.json'));
        environments.set(index, credentials === 'own' ? ownCredentials(lab, index) : {});
      }
      const agent = await startAgentProcess(lab, environments.get(index), home);
      agents.set(index, agent);
      await agent.until('registered');
      return agent;
    },
    runsOf: (index) => runsInJournal({ home: homeOf(index) }),
    starts: async () => {
      const counts = new Map<string, number>();
      for (const { text } of await witness.lines()) counts.set(text, (counts.get(text) ?? 0) + 1);
      return counts;
    },
    close: async () => {
      for (const agent of agents.values()) await agent.end('SIGKILL');
      await lab.close();
      await witness.close();
    },
  };
}

/** Of an application that no other agent has. */
function ownCredentials(lab: Lab, index: number): Record<string, string> {
  const { clientId, clientSecret } = lab.platform.addApplication(`Host ${index}`);
  return { KUBOT_CLIENT_ID: clientId, KUBOT_CLIENT_SECRET: clientSecret };
}

/** Writes to tasks by turns, as whoever is no agent, until it is stopped. */
export function startOutsider(lab: Lab, taskIds: readonly string[], everyMs: number): () => Promise<void> {
  let isOver = false;
  const work = (async () => {
    for (let turn = 0; !isOver; turn++) {
      const path = `/process-items/${taskIds[turn % taskIds.length]}/task/~actions/append-log`;
      await lab.api(path, 'POST', { message: 'A note by somebody else', level: 'INFO' }).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return async () => {
    isOver = true;
    await work;
  };
}

/** Until every task is in one of the states. */
export async function untilAll(lab: Lab, taskIds: readonly string[], states: readonly string[]) {
  await until(`all tasks ${states.join(' or ')}`, async () => {
    const { content } = await lab.api<{ content: { id: string; task: { state: string } }[] }>(
      '/process-items?type=TASK&size=1000',
    );
    const open = content.filter(({ id, task }) => taskIds.includes(id) && !states.includes(task.state));
    return open.length === 0;
  });
}
