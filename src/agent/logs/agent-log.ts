import winston from 'winston';
import { Masker, SecretSet } from './masker.ts';
import { RotatingFile } from './rotating-file.ts';

export type AgentLogFields = Record<string, unknown>;

/** The agent's own diary. Messages are constant sentences; what varies goes into the fields. */
export interface AgentLog {
  /** A person must act. */
  error(message: string, fields?: AgentLogFields): void;
  /** We coped. */
  warn(message: string, fields?: AgentLogFields): void;
  /** State changed. */
  info(message: string, fields?: AgentLogFields): void;
  /** Loops. */
  debug(message: string, fields?: AgentLogFields): void;
}

export interface OpenAgentLog extends AgentLog {
  /** Values that are never to be written, from now on. */
  addSecrets(secrets: Iterable<string>): void;
  /** The same, until others take their place. */
  setPassingSecrets(secrets: readonly string[]): void;
  /** What is said later is lost. */
  close(): void;
}

export interface AgentLogOptions {
  /** Rotated files stand beside it, as `<path>.1`, the newest, and so on. */
  path: string;
  level: 'error' | 'warn' | 'info' | 'debug';
  secrets?: Iterable<string>;
  /** Size of one file; 5 MB unless told. */
  maxBytes?: number;
  /** Rotated files kept; 4 unless told. */
  keep?: number;
  now?: () => number;
}

/** JSON lines `{"time","level","message",…fields}`, masked, in a file of 0600 that is rotated by size. */
export function openAgentLog(options: AgentLogOptions): OpenAgentLog {
  const now = options.now ?? Date.now;
  const secrets = new SecretSet(options.secrets);
  const masker = new Masker(secrets);
  const file = new RotatingFile({
    path: options.path,
    maxBytes: options.maxBytes ?? 5 * 1024 * 1024,
    keep: options.keep ?? 4,
  });
  const line = winston.format.printf((entry) =>
    masker.maskText(textOf(new Date(now()).toISOString(), entry.level, entry.message, entry.fields)),
  );
  const logger = winston.createLogger({ level: options.level, format: line, transports: [file] });
  let open = true;
  const write =
    (level: string) =>
    (message: string, fields: AgentLogFields = {}) => {
      if (open) logger.log({ level, message, fields });
    };
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    addSecrets: (more) => {
      for (const secret of more) secrets.add(secret);
    },
    setPassingSecrets: (passing) => secrets.setPassing(passing),
    close: () => {
      open = false;
      logger.close();
    },
  };
}

function textOf(time: string, level: string, message: unknown, fields: unknown): string {
  try {
    return JSON.stringify({ time, level, message, ...renamed(fields as AgentLogFields) }, readable);
  } catch (error) {
    // Something that refers to itself must not end whoever speaks of it.
    return JSON.stringify({ time, level, message, fields: `not writable: ${String(error)}` });
  }
}

/** A field must not replace the time, the level or the sentence. */
function renamed({ time, level, message, ...rest }: AgentLogFields): AgentLogFields {
  return {
    ...rest,
    ...(time !== undefined && { fieldTime: time }),
    ...(level !== undefined && { fieldLevel: level }),
    ...(message !== undefined && { reason: message }),
  };
}

function readable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  return typeof value === 'bigint' ? String(value) : value;
}
