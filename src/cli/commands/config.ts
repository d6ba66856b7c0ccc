import { text as readAll } from 'node:stream/consumers';
import { checkSettingText, isSettingKey } from '../../agent/config/check-setting.ts';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { createConfigHandlers } from '../../agent/config/config-handlers.ts';
import { explainConfig, explainSetting, settingKindOf } from '../../agent/config/explain-config.ts';
import { takeHomeLock } from '../../agent/home/home-lock.ts';
import { homePaths } from '../../agent/home/home-paths.ts';
import { prepareHome } from '../../agent/home/prepare-home.ts';
import type { ExplainedSetting, SettingView } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';
import { parseSettingText, SettingTextError } from '../../shared/parse-setting.ts';
import type { Context } from '../context.ts';
import { findAgentOfHome } from '../find-agent.ts';
import { table } from '../table.ts';
import { printable } from '../text.ts';
import { version } from '../version.ts';

export async function configGet(context: Context, [key]: [string]): Promise<number> {
  const agent = await findAgentOfHome(context);
  const view = agent ? await agent.configGet({ key }) : explainSetting(load(context), key);
  context.terminal.json(view);
  context.terminal.line(valueText(view));
  return 0;
}

export async function configExplain(context: Context): Promise<number> {
  const agent = await findAgentOfHome(context);
  const settings = agent ? await agent.configExplain() : explainConfig(load(context));
  context.terminal.json(settings);
  context.terminal.lines(table(settings, COLUMNS));
  return 0;
}

const COLUMNS = [
  { title: 'SETTING', cell: (setting: ExplainedSetting) => setting.key },
  { title: 'VALUE', cell: valueText, maxWidth: 60 },
  {
    title: 'FROM',
    cell: ({ source, locked }: ExplainedSetting) => (locked ? `${source} (locked)` : source),
  },
];

/** The agent is the file's one writer; without one, whoever holds the home's lock is. */
export async function configSet(context: Context, [key, given]: [string, string]): Promise<number> {
  // Arguments are for all to see, and a URL may hold a password.
  const text = given === '-' ? (await readAll(process.stdin)).replace(/\r?\n$/, '') : given;
  const value = parseValue(key, text);
  const agent = await findAgentOfHome(context);
  const view = agent ? await agent.configSet({ key, value }) : await setUnderLock(context, key, value);
  context.terminal.json(view);
  context.terminal.line(
    `${printable(key)} is ${valueText(view)}${agent ? ' from the next start of the agent on' : ''}.`,
  );
  if (view.source !== 'file') {
    context.terminal.note(`The file holds it, but the ${view.source} has another value, which wins.`);
  }
  return 0;
}

async function setUnderLock(context: Context, key: string, value: unknown): Promise<SettingView> {
  const { homeDir } = context;
  prepareHome(homeDir);
  const lock = takeHomeLock(homePaths(homeDir), {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    socketPath: null,
    version,
  });
  try {
    const handlers = createConfigHandlers({ homeDir, reload: () => load(context) });
    return await handlers.configSet({ key, value });
  } finally {
    lock.release();
  }
}

/** @throws AgentError SETTING_NOT_FOUND, CONFIG_INVALID */
function parseValue(key: string, text: string): unknown {
  const kind = settingKindOf(key);
  if (text === 'null') return null;
  if (isSettingKey(key)) return checkSettingText(key, text, 'config set');
  try {
    return parseSettingText(kind, text);
  } catch (error) {
    if (!(error instanceof SettingTextError)) throw error;
    throw new AgentError('CONFIG_INVALID', `${key} is not usable: expected ${error.expected}.`);
  }
}

function load({ homeDir, environment, cwd }: Context) {
  return loadConfig({ flags: {}, environment, home: homeDir, cwd });
}

function valueText({ value, hidden = false }: Pick<SettingView, 'value' | 'hidden'>): string {
  if (hidden) return '(hidden)';
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
}
