import { AgentError } from '../../shared/errors.ts';

export interface ShellCommand {
  file: string;
  args: string[];
  /** Things the robot's author should know: a variable that is not set. */
  warnings: string[];
}

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g;

/**
 * How a manifest's `shell` line is run. POSIX: `/bin/sh -c` with word splitting off, so that an unquoted
 * `${KUFLOW_EXECUTION_OUTDIR}` stays one word where its path has a space; values are never pasted in as text.
 * Windows: `cmd.exe /d /s /c` with each `${VAR}` replaced by its value, quoted where the line does not quote it.
 * @throws AgentError MANIFEST_INVALID for a value that cmd.exe could read as code
 */
export function shellCommand(
  shell: string,
  variables: Readonly<Record<string, string>>,
  platform: NodeJS.Platform,
): ShellCommand {
  const unset = [...shell.matchAll(VARIABLE)]
    .map((match) => match[1] ?? '')
    .filter((name) => variables[name] === undefined);
  const warnings = [...new Set(unset)].map((name) => `\${${name}} is not set; it is empty in the command.`);
  if (platform === 'win32') {
    return {
      file: variables.ComSpec ?? 'C:\\Windows\\System32\\cmd.exe',
      args: ['/d', '/s', '/c', `"${quoteForCmd(shell, variables)}"`],
      warnings,
    };
  }
  // A shell takes no IFS from its environment, so it is set where the line begins.
  return { file: '/bin/sh', args: ['-c', `IFS=\n${shell}`], warnings };
}

function quoteForCmd(shell: string, variables: Readonly<Record<string, string>>): string {
  return shell.replace(VARIABLE, (_all, name: string, place: number) => {
    const value = variables[name] ?? '';
    if (/["%!\r\n]/.test(value)) {
      throw new AgentError(
        'MANIFEST_INVALID',
        `The value of \${${name}} holds a character that a Windows command line cannot carry safely (", %, ! or a line break).`,
        {
          details: { line: null, field: 'shell' },
          hint: 'Read the variable in the robot instead of on its command line.',
        },
      );
    }
    // A backslash before the closing quote would make programs read on behind it.
    const text = value.replace(/\\+$/, '$&$&');
    const isQuoted = (shell.slice(0, place).match(/"/g)?.length ?? 0) % 2 === 1;
    return isQuoted || text === '' ? text : `"${text}"`;
  });
}
