import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentConfig } from '../../agent/config/agent-config.ts';
import { applyNetworkSettings } from '../../agent/config/apply-network-settings.ts';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { withKeyringSecret } from '../../agent/config/keyring-secret.ts';
import { BWRAP_PATHS, detectContainment } from '../../agent/process/containment.ts';
import { openSandbox } from '../../agent/sandbox/open-sandbox.ts';
import { toAgentError } from '../../shared/errors.ts';
import type { Status } from '../../shared/status.ts';
import type { Context } from '../context.ts';
import { type Finding, failedWith, passed } from '../doctor/check.ts';
import { checkDisk, checkGatewayCertificates, checkHome } from '../doctor/home-checks.ts';
import { checkBubblewrap, checkMemory, checkNode } from '../doctor/machine-checks.ts';
import { checkCredentialsStore, judgeConnection, tryConnection } from '../doctor/platform-checks.ts';
import { checkSandbox } from '../doctor/sandbox-checks.ts';
import { findAgent } from '../read-handlers.ts';
import { printable } from '../text.ts';

/** Looks at what the agent needs, with one or without; changes nothing. */
export async function doctor(context: Context): Promise<number> {
  const findings = await examine(context);
  const { terminal } = context;
  terminal.json({ checks: findings.map(({ exitCode: _exitCode, ...check }) => check) });
  for (const { id, ok, message, fix } of findings) {
    terminal.line(`${ok ? 'ok  ' : 'FAIL'}  ${id.padEnd(17)}  ${printable(message)}`);
    if (fix !== null) terminal.line(`      ${''.padEnd(17)}  → ${printable(fix)}`);
  }
  return findings.find(({ ok }) => !ok)?.exitCode ?? 0;
}

async function examine(context: Context): Promise<Finding[]> {
  const { homeDir, environment, cwd } = context;
  const machine = [checkNode(), checkHome(homeDir)];
  let config: AgentConfig;
  try {
    config = loadConfig({ flags: {}, environment, home: homeDir, cwd });
    applyNetworkSettings(config.settings, config.endpoint, environment);
  } catch (error) {
    return [...machine, failedWith('configuration', toAgentError(error), 3)];
  }
  const status = await findStatus(homeDir);
  let store = checkCredentialsStore(config, status !== null);
  try {
    config = await withKeyringSecret(config);
  } catch (error) {
    store = failedWith(store.id, toAgentError(error), 3);
  }
  const connection = status?.connection ?? (await tryConnection(config));
  return [
    ...machine,
    passed('configuration', 'The settings are sound.'),
    agentFinding(status, homeDir),
    checkDisk(homeDir, config.settings.diskReserveBytes),
    store,
    ...judgeConnection(connection, status !== null || config.credentials !== null),
    await checkGatewayCertificates(homeDir, Date.now()),
    ...(await isolation(config, status, environment)),
  ];
}

async function isolation(
  config: AgentConfig,
  status: Status | null,
  environment: Context['environment'],
): Promise<Finding[]> {
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
      ...(isLinux ? [await checkMemory(status?.agent.pid ?? null)] : []),
    ];
  } finally {
    await sandbox.stop(0);
    if (homeDir !== config.homeDir) rmSync(homeDir, { recursive: true, force: true });
  }
}

async function findStatus(homeDir: string): Promise<Status | null> {
  return (await (await findAgent(homeDir))?.status()) ?? null;
}

function agentFinding(status: Status | null, homeDir: string): Finding {
  if (status === null) return passed('agent', `No agent runs in ${homeDir}.`);
  const { pid, version, state } = status.agent;
  return passed('agent', `An agent runs: ${state}, process ${pid}, version ${version}.`);
}
