import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { AgentError } from '../shared/errors.ts';
import type { ShellPlaces } from './shell-places.ts';

const run = promisify(execFile);

/**
 * Writes settings of the home as `kubot config set` does: by its agent where one runs.
 * @throws AgentError CONFIG_INVALID
 */
export async function writeSettings(
  { nodePath, cliPath, home }: Pick<ShellPlaces, 'nodePath' | 'cliPath' | 'home'>,
  environment: NodeJS.ProcessEnv,
  settings: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [key, value] of Object.entries(settings)) {
    try {
      await run(nodePath, [cliPath, 'config', 'set', key, value, '--home', home], { env: environment });
    } catch (error) {
      const said = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
      const sentence = said
        .trim()
        .replace(/^kubot: /, '')
        .split('\n')[0];
      throw new AgentError('CONFIG_INVALID', sentence || `${key} could not be written.`);
    }
  }
}
