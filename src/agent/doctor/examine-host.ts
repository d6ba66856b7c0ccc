import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Status } from '../../shared/status.ts';
import type { AgentConfig } from '../config/agent-config.ts';
import { BWRAP_PATHS, detectContainment } from '../process/containment.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import { type Finding, passed } from './check.ts';
import { checkDisk, checkGatewayCertificates, checkHome } from './home-checks.ts';
import { checkBubblewrap, checkMemory, checkNode } from './machine-checks.ts';
import { judgeConnection } from './platform-checks.ts';
import { checkSandbox } from './sandbox-checks.ts';

export interface ExamineOptions {
  config: AgentConfig;
  environment: Readonly<Record<string, string | undefined>>;
  /** The agent of the home; null: none runs. */
  agent: Status['agent'] | null;
  /** As the agent has it, or as it was tried. */
  connection: Status['connection'];
  hasCredentials: boolean;
  /** Where the client secret lies. */
  store: Finding;
  now: () => number;
}

/** What needs no settings. */
export function examineMachine(homeDir: string): Finding[] {
  return [checkNode(), checkHome(homeDir)];
}

/** Looks at what an agent with these settings needs; changes nothing. */
export async function examineHost(options: ExamineOptions): Promise<Finding[]> {
  const { config, agent, connection, hasCredentials, store } = options;
  const { homeDir, settings } = config;
  return [
    passed('configuration', 'The settings are sound.'),
    agentFinding(agent, homeDir),
    checkDisk(homeDir, settings.diskReserveBytes),
    store,
    ...judgeConnection(connection, hasCredentials, config.credentialsSource === 'sign-in'),
    await checkGatewayCertificates(homeDir, options.now()),
    ...(await isolation(options)),
  ];
}

async function isolation({ config, agent, environment }: ExamineOptions): Promise<Finding[]> {
  const containment = await detectContainment();
  // The levels are tried beside a home; where there is none yet, beside one for the time being.
  const homeDir = existsSync(config.homeDir) ? config.homeDir : mkdtempSync(join(tmpdir(), 'kubot-doctor-'));
  const { sandbox } = await openSandbox({
    config: { ...config, homeDir },
    environment,
    containment,
    upstreamProxy: null,
  });
  try {
    const isLinux = process.platform === 'linux';
    return [
      ...(isLinux ? [checkBubblewrap(containment, BWRAP_PATHS.some(existsSync))] : []),
      ...(await checkSandbox(sandbox, config)),
      ...(isLinux ? [await checkMemory(agent?.pid ?? null)] : []),
    ];
  } finally {
    await sandbox.stop(0);
    if (homeDir !== config.homeDir) rmSync(homeDir, { recursive: true, force: true });
  }
}

function agentFinding(agent: Status['agent'] | null, homeDir: string): Finding {
  if (agent === null) return passed('agent', `No agent runs in ${homeDir}.`);
  const { pid, version, state } = agent;
  return passed('agent', `An agent runs: ${state}, process ${pid}, version ${version}.`);
}
