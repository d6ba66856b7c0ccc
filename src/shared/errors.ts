/** How a run can end. `lost`: the agent died under it, so nobody knows. */
export type RunOutcome =
  | 'succeeded'
  | 'failed'
  | 'timed-out'
  | 'cancelled'
  | 'refused'
  | 'prepare-failed'
  | 'lost';

/**
 * Who is to blame, which decides what happens to a task (docs/errors.md):
 * `package` would fail the same on every host, so the task is claimed and told; `host` is this machine's
 * trouble, so the task is never claimed and waits; `run` is the robot's own end; `caller` asked for
 * something wrong; `agent` is a fault of ours.
 */
export type Blame = 'package' | 'host' | 'run' | 'caller' | 'agent';

interface ErrorEntry {
  readonly blame: Blame;
  /** Exit code of the command line when the error ends a command. */
  readonly exitCode: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 10;
  /** How a run with this error ends; null: it never ends a run. */
  readonly outcome: RunOutcome | null;
  readonly retryable: boolean;
  /** What to do next, when the place that throws knows nothing better. */
  readonly hint: string;
}

const entry = (
  blame: Blame,
  exitCode: ErrorEntry['exitCode'],
  outcome: RunOutcome | null,
  retryable: boolean,
  hint: string,
): ErrorEntry => ({ blame, exitCode, outcome, retryable, hint });

/** Every code that users can meet, once. Codes are never renamed; docs/errors.md explains each. */
export const ERRORS = {
  // How a robot ends.
  ROBOT_EXIT: entry('run', 10, 'failed', false, 'Read the last lines of the run log: kubot logs RUN.'),
  ROBOT_SIGNAL: entry(
    'run',
    10,
    'failed',
    false,
    'Something ended the robot from outside, often for lack of memory.',
  ),
  DISK_FULL: entry('run', 10, 'failed', true, 'Free disk space on this machine and start the task again.'),
  RUN_TIMEOUT: entry('run', 10, 'timed-out', false, 'Raise runTimeoutMs for this robot if it needs longer.'),
  CANCELLED_BY_OPERATOR: entry(
    'run',
    10,
    'cancelled',
    false,
    'Start it again with: kubot start --task TASK.',
  ),
  CANCELLED_BY_PLATFORM: entry(
    'run',
    10,
    'cancelled',
    false,
    'The task was ended on the platform; nothing to do here.',
  ),
  AGENT_CRASHED: entry(
    'agent',
    10,
    'lost',
    true,
    'Read the agent log; start the task again if its work may be repeated.',
  ),
  OPERATION_NOT_FOUND: entry(
    'package',
    10,
    'refused',
    false,
    'Name one of the operations that kubot.yaml lists.',
  ),
  POLICY_REFUSED: entry('host', 10, 'refused', false, 'Ask who governs this machine to allow the robot.'),
  // Preparing: the package's own failures.
  PACKAGE_HASH_MISMATCH: entry('package', 10, 'prepare-failed', false, 'Upload the robot package again.'),
  PACKAGE_TRUNCATED: entry(
    'package',
    10,
    'prepare-failed',
    false,
    'Upload the robot package again; it ends too early.',
  ),
  PACKAGE_REFUSED: entry(
    'package',
    10,
    'prepare-failed',
    false,
    'Pack the robot again without the named entry.',
  ),
  MANIFEST_INVALID: entry(
    'package',
    10,
    'prepare-failed',
    false,
    'Mend kubot.yaml at the named line and upload the robot again.',
  ),
  RUNTIME_UNAVAILABLE: entry(
    'package',
    10,
    'prepare-failed',
    false,
    'Name a version under tools that the platform serves.',
  ),
  POST_INSTALL_FAILED: entry(
    'package',
    10,
    'prepare-failed',
    false,
    'Run the post-install step by hand in the unpacked robot and mend it.',
  ),
  // Preparing: this host's failures. They never claim a task.
  PLATFORM_UNREACHABLE: entry('host', 4, null, true, 'Check the network, the proxy and the endpoint.'),
  PLATFORM_ERROR: entry(
    'host',
    4,
    null,
    true,
    'The platform answered with a fault of its own; it is tried again.',
  ),
  PLATFORM_REFUSED: entry('host', 1, null, false, 'The platform refused the request; the message says why.'),
  RATE_LIMITED: entry(
    'host',
    4,
    null,
    true,
    'The platform asked to slow down; it is tried again when it allows.',
  ),
  UNAUTHORIZED: entry('host', 5, null, false, 'Check the client id and secret of the application.'),
  SIGN_IN_NEEDED: entry(
    'host',
    5,
    null,
    false,
    'Sign in: kubot sign-in. A running agent goes on by itself then.',
  ),
  HOST_DISK: entry('host', 1, null, true, 'Free disk space on this machine.'),
  HOST_ARCHITECTURE: entry(
    'host',
    1,
    null,
    false,
    'Run this robot on another machine, or configure a local runtime.',
  ),
  HOST_ARCHIVE_FORMAT: entry('host', 1, null, false, 'Serve the runtime as zip, tar.gz or tar.zst.'),
  RUNTIME_BROKEN: entry(
    'host',
    1,
    null,
    true,
    'The runtime was fetched but does not run on this machine; see the agent log.',
  ),
  CAPACITY: entry('host', 1, null, true, 'Wait for a running robot to end, or raise maxConcurrentRuns.'),
  // The caller's mistakes and the agent's own state.
  USAGE: entry('caller', 2, null, false, 'See kubot --help.'),
  AMBIGUOUS_ID: entry('caller', 2, null, false, 'Give more characters of the id.'),
  CONFIG_INVALID: entry('caller', 3, null, false, 'See kubot config explain.'),
  KEYRING_UNAVAILABLE: entry(
    'caller',
    3,
    null,
    false,
    'Unlock the keyring of this user, or give the secret by file: KUBOT_CLIENT_SECRET_FILE.',
  ),
  HOME_UNUSABLE: entry(
    'caller',
    3,
    null,
    false,
    'Choose a home on a local disk that you own: KUBOT_HOME or --home.',
  ),
  AGENT_NOT_RUNNING: entry('caller', 4, null, true, 'Start one with: kubot agent.'),
  PAGE_SIGNED_OUT: entry(
    'caller',
    5,
    null,
    false,
    'Open the link that the agent printed last; each opens one page.',
  ),
  SIGN_IN_REFUSED: entry(
    'caller',
    5,
    null,
    false,
    'Sign in again and allow it, with an account that may work with KuFlow.',
  ),
  SIGN_IN_TIMED_OUT: entry(
    'caller',
    5,
    null,
    true,
    'Sign in again, and end it in the browser within 5 minutes.',
  ),
  SIGN_IN_FAILED: entry(
    'caller',
    5,
    null,
    true,
    'Check the settings oauthAuthorizationUrl, oauthTokenUrl, oauthClientId and oauthScopes, then sign in again.',
  ),
  ROBOT_NOT_FOUND: entry('caller', 6, null, false, 'See kubot robots for the robots of this host.'),
  RUN_NOT_FOUND: entry('caller', 6, null, false, 'See kubot runs for the runs of this host.'),
  FILE_NOT_FOUND: entry('caller', 6, null, false, 'See kubot run ID for the files that a run left.'),
  TASK_NOT_FOUND: entry(
    'caller',
    6,
    null,
    false,
    'Check the id on the platform, and that this application may see it.',
  ),
  PEER_REFUSED: entry(
    'caller',
    5,
    null,
    false,
    'Robots reach the platform by the gateway; ask a person to use kubot.',
  ),
  CONTROL_REFUSED: entry(
    'caller',
    5,
    null,
    false,
    'Who governs the agent grants it, as its user: kubot config set control.allowUsers \'{"NAME": "read"}\', or a group by control.group.',
  ),
  CONTROL_READ_ONLY: entry(
    'caller',
    5,
    null,
    false,
    'Who governs the agent grants more, as its user: kubot config set control.allowUsers \'{"NAME": "full"}\', or control.groupAccess.',
  ),
  CONTROL_OWNER_ONLY: entry(
    'caller',
    5,
    null,
    false,
    'Ask who governs the agent to set it, as the user that the agent runs as.',
  ),
  SETTING_NOT_FOUND: entry('caller', 6, null, false, 'kubot config explain lists every setting.'),
  CONFLICT: entry('caller', 1, null, false, 'Look at the present state with kubot run, then try again.'),
  HOME_LOCKED: entry('caller', 7, null, false, 'Use the agent that runs, stop it, or choose another --home.'),
  INTERRUPTED: entry('caller', 1, null, true, 'Run the command again.'),
  JOURNAL_UNUSABLE: entry('agent', 1, null, false, 'Move the named file aside and start the agent again.'),
  UNEXPECTED: entry(
    'agent',
    1,
    null,
    false,
    'This is a fault of KuBot Runner; please report it with the agent log.',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** Another agent, or an older one, may have codes that are unknown here. */
export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(ERRORS, text);
}

/** What an error looks like on stdout, in the journal and over the control API. */
export interface ErrorDocument {
  code: ErrorCode;
  message: string;
  hint: string | null;
  retryable: boolean;
  details: Record<string, unknown> | null;
}

export interface AgentErrorOptions {
  hint?: string;
  retryable?: boolean;
  details?: Record<string, unknown>;
  cause?: unknown;
}

/**
 * The one error type that crosses module and process borders. Recognised by `code`, never by class.
 * `message` is one or two plain sentences: what failed, on what, why. It never holds a secret.
 */
export class AgentError extends Error {
  readonly code: ErrorCode;
  readonly hint: string;
  readonly retryable: boolean;
  readonly details: Record<string, unknown> | null;

  constructor(code: ErrorCode, message: string, options: AgentErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AgentError';
    this.code = code;
    this.hint = options.hint ?? ERRORS[code].hint;
    this.retryable = options.retryable ?? ERRORS[code].retryable;
    this.details = options.details ?? null;
  }

  get blame(): Blame {
    return ERRORS[this.code].blame;
  }

  toJSON(): ErrorDocument {
    return {
      code: this.code,
      message: this.message,
      hint: this.hint,
      retryable: this.retryable,
      details: this.details,
    };
  }
}

/** True for an AgentError, also one that was rebuilt from another process. */
export function isAgentError(error: unknown): error is AgentError {
  return (
    error instanceof Error && 'code' in error && typeof error.code === 'string' && isErrorCode(error.code)
  );
}

/** Any thrown value as an AgentError; what is not one becomes UNEXPECTED with the cause kept. */
export function toAgentError(error: unknown): AgentError {
  if (isAgentError(error)) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AgentError('UNEXPECTED', message, { cause: error });
}

/** For the last branch of a switch over a union. */
export function assertNever(value: never): never {
  throw new Error(`Unhandled case: ${JSON.stringify(value)}`);
}
