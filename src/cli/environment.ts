import { closeSync, fstatSync, readFileSync } from 'node:fs';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The caller's variables as the program goes by them, with the secret that was handed over by a descriptor: 9 by
 * bin/kubot, 0 by a program that starts the agent and writes it to its stdin. Takes it out of `variables`, so that no
 * child gets it by accident.
 */
export function takeEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const { KUBOT_SECRET_FD: descriptor } = variables;
  const isHanded = descriptor === '9' || descriptor === '0';
  const secret = isHanded ? readSecret(Number(descriptor)) : variables.KUBOT_CLIENT_SECRET;
  delete variables.KUBOT_SECRET_FD;
  delete variables.KUBOT_CLIENT_SECRET;
  const environment: Record<string, string | undefined> = { ...variables };
  if (secret) environment.KUBOT_CLIENT_SECRET = secret;
  // That one was in no environment: nobody need be warned.
  if (secret && descriptor === '0') environment.KUBOT_SECRET_FD = descriptor;
  return environment;
}

/** A pipe, a socket as Node makes them, or the file of a here-document. Anything else is not ours to read. */
function readSecret(descriptor: number): string | undefined {
  try {
    const kind = fstatSync(descriptor);
    if (!kind.isFIFO() && !kind.isFile() && !kind.isSocket()) return undefined;
    const text = readFileSync(descriptor, 'utf8');
    closeSync(descriptor);
    return text.replace(/\n$/, '');
  } catch {
    return undefined;
  }
}

/**
 * The folder that relative paths start from. npm moves to the project's folder before it runs a script of ours and
 * keeps the caller's in INIT_CWD; below another project's npm that variable means nothing to us.
 */
export function callersFolder(environment: Environment, cwd: string): string {
  const isOurScript =
    environment.npm_package_name === 'kubot-runner' && environment.npm_lifecycle_event !== undefined;
  return (isOurScript && environment.INIT_CWD) || cwd;
}
