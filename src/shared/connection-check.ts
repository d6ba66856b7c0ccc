import { z } from 'zod';

/** Why a step of the check failed. Codes are never renamed: `kubot check --json` and the set-up go by them. */
export const CHECK_PROBLEMS = [
  /** The address is no URL that can be used. */
  'ADDRESS_INVALID',
  /** Plain http to another machine would send the secret in the clear. */
  'ADDRESS_INSECURE',
  /** Another setting cannot be used: caFile, proxy. */
  'SETTING_INVALID',
  'HOST_UNKNOWN',
  'NO_NETWORK',
  'REFUSED',
  'NO_ANSWER',
  /** The connection stood and broke off. */
  'CUT',
  /** Nobody that this machine trusts vouches for the certificate. */
  'TLS_UNTRUSTED',
  /** The certificate is for another host, or out of its time. */
  'TLS_INVALID',
  'TLS_MISSING',
  'PROXY_UNREACHABLE',
  'PROXY_LOGIN',
  'PROXY_REFUSED',
  /** Somebody answers, and it is not the API: a web page, another program, nothing at this path. */
  'NOT_KUFLOW',
  /** As login pages of networks do. */
  'REDIRECTED',
  /** It answers with a fault of its own. */
  'PLATFORM_FAULT',
  'BUSY',
  'CREDENTIALS_MISSING',
  'CREDENTIALS_REFUSED',
  /** Nobody is signed in, or the sign-in was ended. */
  'SIGN_IN_NEEDED',
  /** The credentials are right, and may not do what a worker does. */
  'NOT_ALLOWED',
  'TENANT_UNKNOWN',
  'UNEXPECTED',
] as const;
export type CheckProblem = (typeof CHECK_PROBLEMS)[number];

const ProblemSchema = z.object({
  code: z.enum(CHECK_PROBLEMS),
  message: z.string(),
  /** What a person can do; null where nothing better is known. */
  hint: z.string().nullable(),
});
export type Problem = z.infer<typeof ProblemSchema>;

const step = { ok: z.boolean(), problem: ProblemSchema.nullable() };

/** Why this host cannot run a robot. */
const ROBOT_OBSTACLES = ['NOT_READY', 'UNSUPPORTED'] as const;

const SeenRobotSchema = z.object({
  id: z.string(),
  code: z.string(),
  name: z.string(),
  tenantId: z.string().nullable(),
  canRun: z.boolean(),
  reason: z.object({ code: z.enum(ROBOT_OBSTACLES), message: z.string() }).nullable(),
  /** robotFilter does not name it. */
  excluded: z.boolean(),
});
export type SeenRobot = z.infer<typeof SeenRobotSchema>;

/** What `kubot check --json` answers. A step that an earlier one keeps from being tried is null. */
export const ConnectionCheckSchema = z.object({
  ok: z.boolean(),
  address: z.object({
    ...step,
    /** With the version path; null: no address at all. */
    endpoint: z.string().nullable(),
    /** Through which it was tried, without password; null: directly. */
    proxy: z.string().nullable(),
    /** How far this machine's clock is ahead; null: not known, or by less than a minute. */
    clockSkewMs: z.number().nullable(),
  }),
  credentials: z.object(step).nullable(),
  /** Whether the application may be a worker, as far as can be known without making one. */
  worker: z.object(step).nullable(),
  tenant: z
    .object({
      ...step,
      /** As set; null: none. */
      id: z.string().nullable(),
      /** Those that the credentials see. `name` is null where the platform tells none. */
      seen: z.array(z.object({ id: z.string(), name: z.string().nullable() })),
    })
    .nullable(),
  robots: z.array(SeenRobotSchema).nullable(),
  machine: z.object({
    system: z.string(),
    architecture: z.string(),
    cores: z.number().int(),
    memoryBytes: z.number(),
    freeDiskBytes: z.number(),
    /** How many runs at once suit it. */
    advisedRuns: z.number().int(),
    /** On what runtimes robots run here, where that is not plain. */
    note: z.string().nullable(),
  }),
});
export type ConnectionCheck = z.infer<typeof ConnectionCheckSchema>;
