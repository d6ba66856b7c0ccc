/** Where robots install from: what pip and npm of this host are set to, unless the setting says otherwise. */
export interface PackageIndexes {
  pip?: string | null | undefined;
  npm?: string | null | undefined;
}

export interface IndexFiles {
  /** Contents of pip's configuration files, the strongest last. */
  pipConfs: readonly string[];
  /** Contents of npm's, the strongest last. */
  npmrcs: readonly string[];
}

/** pip settings that say where packages come from, as variables and as keys of pip.conf. */
const PIP_KEYS: Record<string, string> = {
  'index-url': 'PIP_INDEX_URL',
  'extra-index-url': 'PIP_EXTRA_INDEX_URL',
  'find-links': 'PIP_FIND_LINKS',
  'trusted-host': 'PIP_TRUSTED_HOST',
  'no-index': 'PIP_NO_INDEX',
  timeout: 'PIP_TIMEOUT',
  'default-timeout': 'PIP_DEFAULT_TIMEOUT',
};

/** What points robots' pip and npm to their indexes. */
export interface HostIndexes {
  variables: Record<string, string>;
  /**
   * Of npm's configuration file what no variable can be named after: shells drop names such as
   * `npm_config_//npm.acme/:_authToken`. Values are references to `variables`, so that no secret lies on a disk.
   */
  npmrc: string[];
}

/**
 * A robot's own home hides the host's pip.conf and .npmrc, so what they say of indexes is carried over; nothing else
 * of them is.
 * @param environment the host's, by whoever composes; file contents as read
 */
export function hostIndexes(
  configured: PackageIndexes | null,
  environment: Readonly<Record<string, string | undefined>>,
  files: IndexFiles,
): HostIndexes {
  const variables: Record<string, string> = {};
  const ofNpm = new Map<string, string>();
  for (const conf of files.pipConfs) {
    for (const [key, value] of iniOf(withLongValues(conf))) {
      const name = PIP_KEYS[key.replace(/^(global|install)\./, '').replaceAll('_', '-')];
      if (name) variables[name] = value;
    }
  }
  for (const name of Object.values(PIP_KEYS)) {
    const value = environment[name];
    if (value) variables[name] = value;
  }
  for (const npmrc of files.npmrcs) {
    for (const [key, value] of iniOf(npmrc)) {
      if (key === 'registry') variables.npm_config_registry = expand(value, environment);
      else if (kindOf(key) !== undefined) ofNpm.set(key, expand(value, environment));
    }
  }
  const registry = environment.npm_config_registry ?? environment.NPM_CONFIG_REGISTRY;
  if (registry) variables.npm_config_registry = registry;
  if (configured?.pip) variables.PIP_INDEX_URL = configured.pip;
  if (configured?.npm) variables.npm_config_registry = configured.npm;
  const npmrc = [...ofNpm].map(([key, value], at) => {
    const name = `KUBOT_NPM_${kindOf(key)}_${at + 1}`;
    variables[name] = value;
    return `${key}=\${${name}}`;
  });
  return { variables, npmrc };
}

/** What a key of npm's is about; undefined: not about where packages come from. */
function kindOf(npmKey: string): 'REGISTRY' | 'SECRET' | 'USER' | undefined {
  if (/^@[^:]+:registry$/.test(npmKey)) return 'REGISTRY';
  if (/^\/\/.+:_(authToken|auth|password)$/.test(npmKey)) return 'SECRET';
  return /^\/\/.+:username$/.test(npmKey) ? 'USER' : undefined;
}

/** Values that must not be seen in logs: tokens, and credentials inside URLs. */
export function indexSecrets(variables: Readonly<Record<string, string>>): string[] {
  const secrets: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    if (/^KUBOT_NPM_SECRET_\d+$/.test(name)) secrets.push(value);
    for (const part of value.split(/\s+/)) {
      const login = /^[a-z+]+:\/\/([^/@\s]+)@/i.exec(part)?.[1];
      if (login !== undefined) secrets.push(...secretsOfLogin(login));
    }
  }
  return secrets;
}

/** Of `user:password`, or of a token alone: as it stands in the URL and as it is sent. */
function secretsOfLogin(login: string): string[] {
  const secret = login.slice(login.indexOf(':') + 1);
  try {
    return [secret, decodeURIComponent(secret)];
  } catch {
    return [secret];
  }
}

/** In pip.conf a value goes on over lines that are indented deeper than its key. */
function withLongValues(conf: string): string {
  const lines: string[] = [];
  let keyIndent = Number.POSITIVE_INFINITY;
  for (const line of conf.split(/\r?\n/)) {
    const indent = line.search(/\S/);
    if (indent === -1 || /^\s*[#;]/.test(line)) continue;
    if (indent > keyIndent) lines.push(`${lines.pop()} ${line.trim()}`);
    else {
      lines.push(line);
      keyIndent = line.trimStart().startsWith('[') ? Number.POSITIVE_INFINITY : indent;
    }
  }
  return lines.join('\n');
}

/** Sections of pip.conf become prefixes: `global.index-url`. */
function iniOf(text: string): [string, string][] {
  const found: [string, string][] = [];
  let section = '';
  for (const line of text.split(/\r?\n/)) {
    const header = /^\s*\[([^\]]+)\]\s*$/.exec(line)?.[1];
    if (header !== undefined) {
      section = `${header}.`;
      continue;
    }
    const [, key, value] = /^\s*([^#;=\s][^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined && value) found.push([`${section}${key}`, value.replace(/^"(.*)"$/, '$1')]);
  }
  return found;
}

/** `${NAME}` in an .npmrc means a variable of the host. */
function expand(value: string, environment: Readonly<Record<string, string | undefined>>): string {
  return value.replace(/\$\{([^}]+)\}/g, (_all, name: string) => environment[name] ?? '');
}
