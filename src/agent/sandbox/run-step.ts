import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RunCommand } from '../process/run-command.ts';
import { programOf, runToExit, STEP_COOKIE } from '../process/run-to-exit.ts';
import { parseHostPattern } from './host-pattern.ts';
import type { SandboxPolicy } from './policy.ts';
import type { Sandbox, SandboxLevel } from './sandbox.ts';

export interface StepRunnerOptions {
  sandbox: Sandbox;
  policyOf: (robotCode: string) => SandboxPolicy;
  /** What the log says of a step's sandbox: a host that was refused. */
  warn: (robotCode: string, message: string) => void;
}

/** Where pip and npm install from when nothing else is set. */
const PUBLIC_INDEXES = ['https://pypi.org', 'https://files.pythonhosted.org', 'https://registry.npmjs.org'];

/**
 * Runs what makes a robot's environment, post-install above all, at the robot's own level. Where the network is an
 * allow-list the package indexes are on it; the gateway never is.
 */
export function createStepRunner({ sandbox, policyOf, warn }: StepRunnerOptions): RunCommand {
  return async (spec) => {
    const { robot } = spec;
    if (!robot) throw new Error('A step of a robot was to run outside its sandbox');
    const policy = policyOf(robot.code);
    const env = stepVariables(spec.env, policy.level, robot.code);
    // The tools' caches lie in the agent's home, which is hidden; what is not there cannot be bound.
    const caches = [env.PIP_CACHE_DIR, env.npm_config_cache].filter((dir) => dir !== undefined);
    for (const dir of caches) mkdirSync(dir, { recursive: true, mode: 0o700 });
    const bundle = env.SSL_CERT_FILE;
    spec.signal.throwIfAborted();
    const prepared = await sandbox.prepare(
      { ...programOf(spec), cwd: spec.cwd, env },
      {
        policy: {
          ...policy,
          gui: 'none',
          homeMode: 'run',
          allowedHosts: policy.allowedHosts && [...policy.allowedHosts, ...indexPatterns(env)],
        },
        cookie: { name: STEP_COOKIE, value: randomUUID() },
        places: {
          ...robot.places,
          write: [...robot.places.write, ...caches],
          read: [...robot.places.read, ...(bundle === undefined ? [] : [bundle])],
        },
        gateway: null,
        onContact: ({ host, port, verdict }) => {
          if (verdict === 'refused') warn(robot.code, `The sandbox refused a connection to ${host}:${port}.`);
        },
      },
    );
    try {
      return await runToExit(await prepared.start(), spec);
    } finally {
      await prepared.discard();
    }
  };
}

/** Robots share the caches of pip and npm, but those in strict: what one puts there another would find. */
export function stepVariables(
  env: Readonly<Record<string, string>>,
  level: SandboxLevel,
  robotCode: string,
): Record<string, string> {
  if (level !== 'strict') return env;
  const own = createHash('sha256').update(robotCode).digest('hex').slice(0, 16);
  const caches = ['PIP_CACHE_DIR', 'npm_config_cache'].flatMap((name) =>
    env[name] === undefined ? [] : [[name, join(`${env[name]}-strict`, own)]],
  );
  return { ...env, ...Object.fromEntries(caches) };
}

/** The hosts of the indexes that a step's variables name, as patterns. */
export function indexPatterns(env: Readonly<Record<string, string>>) {
  const named = Object.entries(env)
    .filter(([name]) =>
      /^(PIP_(EXTRA_)?INDEX_URL|PIP_FIND_LINKS|npm_config_registry|KUBOT_NPM_REGISTRY_\d+)$/.test(name),
    )
    .flatMap(([, value]) => value.split(/\s+/));
  return [...PUBLIC_INDEXES, ...named]
    .filter((url) => /^https?:/.test(url) && URL.canParse(url))
    .map((text) => {
      const url = new URL(text);
      return parseHostPattern(`${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`);
    });
}
