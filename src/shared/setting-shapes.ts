import { z } from 'zod';
import { GRADES } from './control-access.ts';

// Units, and the shapes that more than one setting has.

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
export const MB = 1024 * 1024;
export const GB = 1024 * MB;

export const text = z.string().min(1).nullable();
export const ms = z.number().int().min(0);
export const bytes = z.number().int().min(0);
export const failurePolicy = z.enum(['keep', 'hand-over', 'retry']);
export const sandboxLevel = z.enum(['off', 'standard', 'strict']);
export const runtimeMismatch = z.enum(['warn', 'refuse']);
export const homeMode = z.enum(['run', 'user']);
export const gatewayScope = z.enum(['run', 'full']);
export const packageSignatures = z.enum(['off', 'warn', 'require']);
/** Name of a publisher to its Ed25519 key, as SPKI in base64: what openssl writes. */
export const publisherKeys = z.record(
  z.string().min(1),
  z.string().regex(/^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/),
);
export const gui = z.enum(['none', 'virtual', 'host']);
export const network = z.enum(['open', 'allow-list']);
/** From a root, or from the person's home by `~`. */
export const path = z.string().regex(/^(~($|[/\\])|\/|[A-Za-z]:[/\\])/);
export const files = z.strictObject({ read: z.array(path).optional(), write: z.array(path).optional() });
/** `host:port`; `*.name`, `*` and `*` as a port are patterns, an IPv6 address stands in brackets. */
export const hostPattern = z
  .string()
  .regex(/^(\*|(\*\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\]):(\*|[1-9][0-9]{0,4})$/);
const limit = (least: number) => z.number().int().min(least).nullable().optional();
export const limits = z.strictObject({
  memoryBytes: limit(32 * MB),
  processes: limit(4),
  cpuPercent: limit(1),
  openFiles: limit(64),
});

const grade = z.enum(GRADES);
export const control = z.strictObject({
  /** By name, or by number: "1001". */
  allowUsers: z.record(z.string().min(1), grade).default({}),
  group: text.default(null),
  groupAccess: grade.default('read'),
});

export const secretVariables = z.array(z.string().min(1));
