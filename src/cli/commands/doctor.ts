import type { AgentConfig } from '../../agent/config/agent-config.ts';
import { applyNetworkSettings } from '../../agent/config/apply-network-settings.ts';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { withKeyringSecret } from '../../agent/config/keyring-secret.ts';
import { type Finding, failedWith } from '../../agent/doctor/check.ts';
import { examineHost, examineMachine } from '../../agent/doctor/examine-host.ts';
import { checkCredentialsStore, tryConnection } from '../../agent/doctor/platform-checks.ts';
import { toAgentError } from '../../shared/errors.ts';
import type { Status } from '../../shared/status.ts';
import type { Context } from '../context.ts';
import { findAgentOfHome } from '../find-agent.ts';
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
  const machine = examineMachine(homeDir);
  let config: AgentConfig;
  try {
    config = loadConfig({ flags: {}, environment, home: homeDir, cwd });
    applyNetworkSettings(config.settings, config.endpoint, environment);
  } catch (error) {
    return [...machine, failedWith('configuration', toAgentError(error), 3)];
  }
  const status = await findStatus(context);
  let store = checkCredentialsStore(config, status !== null);
  let connection = status?.connection ?? null;
  try {
    config = await withKeyringSecret(config);
    connection ??= await tryConnection(config);
  } catch (error) {
    store = failedWith(store.id, toAgentError(error), 3);
  }
  return [
    ...machine,
    ...(await examineHost({
      config,
      environment,
      agent: status?.agent ?? null,
      connection: connection ?? (await tryConnection({ ...config, credentialsSource: 'none' })),
      hasCredentials: status !== null || config.credentials !== null,
      store,
      now: Date.now,
    })),
  ];
}

async function findStatus(context: Context): Promise<Status | null> {
  return (await (await findAgentOfHome(context))?.status()) ?? null;
}
