import type { AgentConfig } from '../../agent/config/agent-config.ts';
import { applyNetworkSettings } from '../../agent/config/apply-network-settings.ts';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { compileEndpoint } from '../../agent/config/endpoint.ts';
import { withKeyringSecret } from '../../agent/config/keyring-secret.ts';
import { loadLibc } from '../../agent/native/libc.ts';
import type { CheckProblem, ConnectionCheck, Problem } from '../../shared/connection-check.ts';
import { toAgentError } from '../../shared/errors.ts';
import { type Checked, checkConnection } from '../check/check-connection.ts';
import { checkLines } from '../check/check-lines.ts';
import { describeMachine } from '../check/describe-machine.ts';
import { findProxy } from '../check/find-proxy.ts';
import type { Context } from '../context.ts';
import { settingFlags } from '../setting-flags.ts';
import { durationOption } from './orders.ts';

export interface CheckFlags extends Record<string, unknown> {
  timeout: string;
}

/** Tries address, credentials and rights, and lists what they see; writes nothing, here or on the platform. */
export async function check(context: Context, _args: [], options: CheckFlags): Promise<number> {
  const { homeDir, terminal } = context;
  (await loadLibc())?.hideMemory();
  const timeoutMs = durationOption('--timeout', options.timeout);
  const answer: ConnectionCheck = {
    ...(await tryOut(context, settingFlags(options), timeoutMs)),
    machine: describeMachine(homeDir),
  };
  terminal.json(answer);
  terminal.lines(checkLines(answer));
  return exitCodeOf(answer);
}

async function tryOut(
  { homeDir, environment, cwd }: Context,
  flags: Record<string, string>,
  timeoutMs: number,
): Promise<Checked> {
  const given = flags.apiEndpoint ?? (environment.KUBOT_API_ENDPOINT || undefined);
  if (given !== undefined) {
    const flaw = flawOf(() => compileEndpoint(given, 'the address'));
    if (flaw !== null) return nowhere(isPlainHttp(given) ? 'ADDRESS_INSECURE' : 'ADDRESS_INVALID', flaw);
  }
  let config: AgentConfig;
  try {
    config = loadConfig({ flags, environment, home: homeDir, cwd });
    applyNetworkSettings(config.settings, config.endpoint, environment);
    config = await withKeyringSecret(config);
    const proxy = findProxy(config.settings, config.endpoint, environment);
    return await checkConnection({ config, proxy, timeoutMs });
  } catch (error) {
    return nowhere('SETTING_INVALID', toAgentError(error));
  }
}

/** What the settings kept from being tried. */
function nowhere(code: CheckProblem, { message, hint }: Pick<Problem, 'message' | 'hint'>): Checked {
  return {
    ok: false,
    address: {
      ok: false,
      problem: { code, message, hint: hint || null },
      endpoint: null,
      proxy: null,
      clockSkewMs: null,
    },
    credentials: null,
    worker: null,
    tenant: null,
    robots: null,
  };
}

function flawOf(work: () => unknown): Pick<Problem, 'message' | 'hint'> | null {
  try {
    work();
    return null;
  } catch (error) {
    const { message } = toAgentError(error);
    return { message, hint: 'An address such as https://api.kuflow.com is expected.' };
  }
}

function isPlainHttp(text: string): boolean {
  return URL.parse(text)?.protocol === 'http:';
}

/** By the first step that failed: 3 the settings, 4 the address, 5 credentials and rights. */
function exitCodeOf({ ok, address, credentials }: ConnectionCheck): number {
  if (ok) return 0;
  const code = address.problem?.code ?? credentials?.problem?.code;
  if (code !== undefined && OF_SETTINGS.has(code)) return 3;
  return address.ok ? 5 : 4;
}

const OF_SETTINGS = new Set<CheckProblem>([
  'ADDRESS_INVALID',
  'ADDRESS_INSECURE',
  'SETTING_INVALID',
  'CREDENTIALS_MISSING',
]);
