import { access, mkdtemp, realpath, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { extract } from 'tar';
import { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import { runTool } from '../spawn-tool.ts';

export type ToolEnvironment = Readonly<Record<string, string | undefined>>;

/** The package registry that the host's npm is set up for. */
export interface NpmRegistry {
  /** All versions of a package, oldest first; a package that does not exist has none. */
  listVersions(packageName: string): Promise<string[]>;
  /** What each version of a package says under engines.node, oldest first. */
  listEngines(packageName: string): Promise<{ version: string; node: string | null }[]>;
  /** Fetches one version and unpacks it, without the `package` folder around it, into `targetDir`. */
  fetchPackage(packageName: string, version: string, targetDir: string): Promise<void>;
}

/**
 * The registry by way of the host's own npm, which knows about mirrors, credentials and proxies.
 * Every method throws PLATFORM_ERROR when there is no npm or the registry cannot be reached.
 */
export function createNpmRegistry(environment: ToolEnvironment): NpmRegistry {
  const view = async (spec: string, fields: readonly string[]): Promise<unknown> => {
    const { stdout } = await runNpm(environment, ['view', spec, ...fields, '--json']);
    return stdout.trim() === '' ? [] : JSON.parse(stdout);
  };
  return {
    listVersions: async (packageName) => {
      const answer = await view(packageName, ['versions']).catch((error: unknown) => {
        if (error instanceof Error && error.message.includes('E404')) return [];
        throw error;
      });
      // npm answers with a bare string for a package of one version.
      return z.union([z.array(z.string()), z.string().transform((only) => [only])]).parse(answer);
    },
    listEngines: async (packageName) => {
      const answer = EngineList.parse(await view(`${packageName}@>=6.0.0`, ['version', 'engines']));
      return answer.map(({ version, engines }) => ({ version, node: engines?.node ?? null }));
    },
    fetchPackage: async (packageName, version, targetDir) => {
      const dir = await mkdtemp(join(dirname(targetDir), 'fetched-'));
      try {
        const spec = `${packageName}@${version}`;
        const { stdout } = await runNpm(
          environment,
          ['pack', spec, '--json', '--pack-destination', dir],
          dir,
        );
        const [packed] = PackAnswer.parse(JSON.parse(stdout));
        await extract({ file: join(dir, packed.filename), cwd: targetDir, strip: 1, strict: true });
      } finally {
        await rm(dir, { recursive: true, force: true });
      }
    },
  };
}

const EngineList = z.array(
  z.object({ version: z.string(), engines: z.object({ node: z.string().optional() }).optional() }),
);

const PackAnswer = z.tuple([z.object({ filename: z.string() })]).rest(z.unknown());

/** Long enough for 50 MB on a slow line. */
const NPM_TIMEOUT_MS = 10 * 60 * 1000;

/** npm's own waits add up to a minute and a half before it says that there is no network. */
const QUIET_AND_QUICK = {
  npm_config_update_notifier: 'false',
  npm_config_fetch_retries: '2',
  npm_config_fetch_retry_mintimeout: '500',
  npm_config_fetch_retry_maxtimeout: '2000',
};

async function runNpm(
  environment: ToolEnvironment,
  args: readonly string[],
  cwd?: string,
): Promise<{ stdout: string }> {
  const npm = await findNpm(environment);
  if (npm === null) throw new AgentError('PLATFORM_ERROR', 'No npm was found on PATH.');
  const result = await runTool(process.execPath, [npm.cliPath, ...args, '--ignore-scripts', '--no-audit'], {
    environment: { ...environment, ...QUIET_AND_QUICK },
    timeoutMs: NPM_TIMEOUT_MS,
    ...(cwd === undefined ? {} : { cwd }),
  });
  if (result.exitCode === 0) return result;
  const reason = /npm (?:error|ERR!) (?:code )?(.+)/.exec(result.stderr)?.[1] ?? `exit ${result.exitCode}`;
  throw new AgentError('PLATFORM_ERROR', `npm ${args[0]} ${args[1]} failed: ${reason}.`);
}

/** Where the host's npm lies: its folder and its entry. Null: there is none. */
export async function findNpm(
  environment: ToolEnvironment,
): Promise<{ dir: string; cliPath: string } | null> {
  const fromPath = (environment.PATH ?? environment.Path ?? '').split(delimiter).flatMap((dir) => [
    join(dir, 'npm'),
    // Windows: npm.cmd stands beside node_modules.
    join(dir, 'node_modules', 'npm', 'bin', 'npm-cli.js'),
  ]);
  for (const candidate of [environment.npm_execpath, ...fromPath]) {
    const cliPath = candidate ? await realpath(candidate).catch(() => null) : null;
    if (cliPath === null || !cliPath.endsWith('npm-cli.js')) continue;
    const dir = dirname(dirname(cliPath));
    if (
      await access(join(dir, 'package.json')).then(
        () => true,
        () => false,
      )
    )
      return { dir, cliPath };
  }
  return null;
}
