import { type Blame, ERRORS } from '../src/shared/errors.ts';
import { RobotSettingsSchema } from '../src/shared/robot-settings.ts';
import {
  type SettingKey,
  SettingsSchema,
  settingFlag,
  settingMeta,
  settingVariable,
} from '../src/shared/settings.ts';

const GENERATED =
  '<!-- Made by `npm run generate:docs` from the table in the source. Edit that table, not this page. -->';

/** docs/settings.md: every setting with its flag, key, variable and default. */
export function settingsPage(): string {
  const defaults = SettingsSchema.parse({}) as Record<string, unknown>;
  const rows = (Object.keys(SettingsSchema.shape) as SettingKey[]).map((key) => {
    const { kind, description } = settingMeta(key);
    return `| \`${key}\` | ${kind} | \`${JSON.stringify(defaults[key])}\` | ${description} |`;
  });
  const perRobot = Object.keys(RobotSettingsSchema.shape)
    .map((key) => `\`${key}\``)
    .join(', ');
  return `${GENERATED}
# Settings

Each setting can be given in three ways; the first of these that has it wins:

1. a flag of \`kubot agent\` and \`kubot demo\`: \`${settingFlag('maxConcurrentRuns')} 4\`
2. a variable: \`${settingVariable('maxConcurrentRuns')}=4\` (an empty one counts as unset)
3. the file \`settings.json\` in the home: \`{ "maxConcurrentRuns": 4 }\`, also by \`kubot config set maxConcurrentRuns 4\`

\`kubot config explain\` prints every value and where it comes from. Durations are \`90s\`, \`30m\`, \`24h\` or plain milliseconds; sizes are \`512MB\` or plain bytes; json settings take a JSON document as a flag or variable.

The client secret has neither flag nor key: \`KUBOT_CLIENT_SECRET_FILE\` names a file that only its owner may read; \`KUBOT_CLIENT_SECRET_KEYRING=true\` says that it lies in the keyring of this system, where \`kubot config secret --keyring\` puts it; \`KUBOT_CLIENT_SECRET\` is accepted with a warning. Where several are set, \`KUBOT_CLIENT_SECRET\` wins, then the file. A program that starts the agent's Node itself sets \`KUBOT_SECRET_FD=0\` and writes the secret to its stdin. The home is \`--home\` or \`KUBOT_HOME\`.

| key | kind | default | what it does |
|---|---|---|---|
${rows.join('\n')}

## For one robot

Under \`robots.<code>.\` these hold for that robot alone: ${perRobot}. For example \`kubot config set robots.INVOICES.desktop true\`, or in the file:

\`\`\`json
{ "robots": { "INVOICES": { "desktop": true, "runTimeoutMs": 600000 } } }
\`\`\`
`;
}

const BLAMES: Record<Blame, string> = {
  run: 'How a robot ends',
  package: 'The package’s failures: the same on every host, so the task is claimed and told',
  host: 'This host’s failures: the task is not claimed and waits',
  caller: 'Wrong or impossible requests',
  agent: 'Faults of the agent',
};

/** docs/errors.md: every code, by who is to blame. */
export function errorsPage(): string {
  const sections = (Object.keys(BLAMES) as Blame[]).map((blame) => {
    const rows = Object.entries(ERRORS)
      .filter(([, entry]) => entry.blame === blame)
      .map(
        ([code, entry]) =>
          `| \`${code}\` | ${entry.outcome ?? '–'} | ${entry.exitCode} | ${entry.retryable ? 'yes' : 'no'} | ${entry.hint} |`,
      );
    return `## ${BLAMES[blame]}\n\n| code | outcome of the run | exit code of a command | may pass by itself | what to do |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `${GENERATED}
# Error codes

Every failure has a code that is never renamed, a message that says what failed, on what and why, and a hint. The robot’s owner reads it in the task’s log, the operator in the agent log and with \`kubot why\`. Under \`--json\` a command that fails prints \`{"error": {"code", "message", "hint", "retryable", "details"}}\`.

${sections.join('\n')}`;
}
