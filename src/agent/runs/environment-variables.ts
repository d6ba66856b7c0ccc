/** The system side of a robot's world. */
export interface SystemVariables {
  platform: NodeJS.Platform;
  /** Folders of PATH, the strongest first; the system's own follow. */
  binDirs: readonly string[];
  homeDir: string;
  tmpDir: string;
  userName: string;
  timeZone: string | null;
  /** The few that Windows programs cannot start without, from the host: SystemRoot, ComSpec, PATHEXT … */
  required: Readonly<Record<string, string>>;
  /** DISPLAY and the like, when the robot may see the screen. */
  screen: Readonly<Record<string, string>>;
}

export interface VariablesInput {
  system: SystemVariables;
  /** One PEM with every authority that robots trust. */
  trustBundlePath: string;
  proxy: string | null;
  noProxy: string | null;
  packageIndexes: Readonly<Record<string, string>>;
  /** KUFLOW_* of a run; post-install gets none. */
  kuflow: Readonly<Record<string, string>>;
  /** KUBOT_RUN_ID and folders that tools keep things in. */
  agent: Readonly<Record<string, string>>;
  /** The robot's `environmentVariables`. */
  robot: Readonly<Record<string, string>>;
  /** Given for this run alone; stronger than the robot's. */
  extra: Readonly<Record<string, string>>;
}

export interface BuiltVariables {
  variables: Record<string, string>;
  /** Variables of the robot's that were refused. */
  warnings: string[];
  /** CA files that the robot named: to be merged into a bundle of its own. */
  extraCaFiles: string[];
}

const TRUST_NAMES = [
  'SSL_CERT_FILE',
  'REQUESTS_CA_BUNDLE',
  'CURL_CA_BUNDLE',
  'PIP_CERT',
  'NODE_EXTRA_CA_CERTS',
  'npm_config_cafile',
  'GIT_SSL_CAINFO',
  'AWS_CA_BUNDLE',
] as const;

/** What a robot never sets, whatever the case, beside what the agent itself sets. */
const PROTECTED =
  /^(KUFLOW_.*|KUBOT_.*|PATH|HOME|USERPROFILE|TMP|TEMP|TMPDIR|USER|LOGNAME|USERNAME|HTTPS?_PROXY|NO_PROXY|ALL_PROXY|LD_.*|DYLD_.*|GLIBC_TUNABLES|GCONV_PATH|LOCPATH|MALLOC_.*|NODE_OPTIONS|PYTHONSTARTUP|PYTHONHOME|ELECTRON_.*|SYSTEMROOT|COMSPEC|IFS|ENV|BASH_ENV)$/i;

/** Always reached without a proxy: the gateway is there. */
const LOOPBACK = ['127.0.0.1', 'localhost'];

/** A robot's environment, built from nothing; docs/write-a-robot.md has the table. */
export function buildVariables(input: VariablesInput): BuiltVariables {
  const fixed: Record<string, string> = {
    ...systemFixed(input.system),
    ...Object.fromEntries(TRUST_NAMES.map((name) => [name, input.trustBundlePath])),
    ...proxyVariables(input.proxy, input.noProxy),
    ...input.agent,
    ...input.kuflow,
  };
  // Windows takes `Path` and `PATH` for one.
  const nameAs = (name: string) => (input.system.platform === 'win32' ? name.toUpperCase() : name);
  const fixedNames = new Set(Object.keys(fixed).map(nameAs));
  const warnings: string[] = [];
  const extraCaFiles: string[] = [];
  const own: Record<string, string> = {};
  for (const [name, value] of [...Object.entries(input.robot), ...Object.entries(input.extra)]) {
    if (TRUST_NAMES.some((trust) => trust.toLowerCase() === name.toLowerCase())) extraCaFiles.push(value);
    else if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name))
      warnings.push(`The variable ${JSON.stringify(name)} was left out: no such name is possible.`);
    else if (value.includes('\0'))
      warnings.push(`The variable ${name} was left out: its value holds a NUL character.`);
    else if (PROTECTED.test(name) || fixedNames.has(nameAs(name)))
      warnings.push(`The variable ${name} was left out: the agent sets it, or it changes how programs load.`);
    else own[name] = value;
  }
  const variables: Record<string, string> = {
    ...systemDefaults(input.system),
    ...STREAMING,
    ...QUIET_TOOLS,
    ...input.packageIndexes,
    ...own,
    ...fixed,
  };
  return { variables, warnings, extraCaFiles };
}

/** Without PYTHONUNBUFFERED a robot's output arrives when it ends. */
const STREAMING = {
  PYTHONUNBUFFERED: '1',
  PYTHONUTF8: '1',
  PYTHONIOENCODING: 'utf-8:backslashreplace',
  PYTHONDONTWRITEBYTECODE: '1',
};

const QUIET_TOOLS = {
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  PIP_NO_INPUT: '1',
  npm_config_update_notifier: 'false',
  npm_config_fund: 'false',
};

/** A robot's own variables win over these. */
function systemDefaults(system: SystemVariables): Record<string, string> {
  return { LANG: 'C.UTF-8', ...(system.timeZone !== null && { TZ: system.timeZone }) };
}

function systemFixed(system: SystemVariables): Record<string, string> {
  const windows = system.platform === 'win32';
  const path = windows
    ? [...system.binDirs, `${system.required.SystemRoot ?? 'C:\\Windows'}\\System32`].join(';')
    : [...system.binDirs, '/usr/bin', '/bin'].join(':');
  return {
    ...system.required,
    PATH: path,
    HOME: system.homeDir,
    ...(windows && { USERPROFILE: system.homeDir, USERNAME: system.userName }),
    TMPDIR: system.tmpDir,
    TMP: system.tmpDir,
    TEMP: system.tmpDir,
    TERM: 'dumb',
    NO_COLOR: '1',
    USER: system.userName,
    LOGNAME: system.userName,
    ...system.screen,
  };
}

function proxyVariables(proxy: string | null, noProxy: string | null): Record<string, string> {
  const hosts = [
    ...new Set([...LOOPBACK, ...(noProxy?.split(',') ?? []).map((host) => host.trim()).filter(Boolean)]),
  ];
  const exceptions = hosts.join(',');
  return {
    ...(proxy !== null && { HTTP_PROXY: proxy, http_proxy: proxy, HTTPS_PROXY: proxy, https_proxy: proxy }),
    NO_PROXY: exceptions,
    no_proxy: exceptions,
  };
}
