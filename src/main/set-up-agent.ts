import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { ShellPlaces } from './shell-places.ts';

const run = promisify(execFile);

/** Writes settings of the home as `kubot config set` does: by its agent where one runs. */
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
      throw new Error(
        said
          .trim()
          .replace(/^kubot: /, '')
          .split('\n')[0] || `${key} could not be written.`,
      );
    }
  }
}
