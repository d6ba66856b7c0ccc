import { z } from 'zod';
import { WhoAmISchema } from './control-access.ts';
import { CONTROL_API, type ControlMethod } from './control-api.ts';
import { ChoicesSchema, TryInputSchema } from './set-up.ts';

/*
 *  starting ──its socket answers──► running ──it ends by itself──► waiting ──► starting
 *     │                                │
 *     │ its configuration lacks        └── quit ──► stopped
 *     └──────────► not-set-up ──credentials, or the demo──► starting
 */
/** How the shell stands with the agent. */
export const HostStateSchema = z.discriminatedUnion('name', [
  z.object({ name: z.literal('starting') }),
  /** `attached`: it was there before us, and stays when we go. */
  z.object({
    name: z.literal('running'),
    attached: z.boolean(),
    demo: z.boolean(),
    /** What a service's agent lets this person do; null: it is the person's own. */
    granted: WhoAmISchema.omit({ user: true }).nullable(),
  }),
  /**
   * `ended`: it did so by itself, `message` is what it said last. `keychain`: it cannot be started without the secret,
   * which the system's keychain does not give.
   */
  z.object({
    name: z.literal('waiting'),
    why: z.enum(['ended', 'keychain']),
    message: z.string(),
    untilMs: z.number(),
  }),
  z.object({ name: z.literal('not-set-up'), message: z.string() }),
  z.object({ name: z.literal('stopped') }),
]);
export type HostState = z.infer<typeof HostStateSchema>;

const method = z.custom<ControlMethod>(
  (text) => typeof text === 'string' && Object.hasOwn(CONTROL_API, text),
);

/** What the window may ask of the shell, each with its input. Everything else is refused. */
export const SHELL_INPUTS = {
  call: z.strictObject({ method, input: z.unknown() }),
  open: z.strictObject({ stream: z.string().min(1).max(64), method, input: z.unknown() }),
  close: z.strictObject({ stream: z.string().min(1).max(64) }),
  host: z.undefined(),
  setUpState: z.undefined(),
  setUpCheck: TryInputSchema,
  /** Lets a person sign in by what is entered; answers once they can. */
  setUpSignIn: TryInputSchema,
  /** Answers once they have. */
  setUpSignedIn: z.undefined(),
  setUpGiveUp: z.undefined(),
  setUpFinish: ChoicesSchema,
  tryDemo: z.undefined(),
  /** Starts the agent that ended without the rest of the wait. */
  startAgent: z.undefined(),
  /** Whether the app starts with the session; null: it cannot be chosen here. */
  autostart: z.undefined(),
  setAutostart: z.boolean(),
  language: z.enum(['en', 'es']),
} as const;

/** A part of a stream, as the shell sends it. */
export const StreamPartSchema = z.object({
  stream: z.string(),
  values: z.array(z.unknown()).default([]),
  end: z.boolean().default(false),
  error: z.unknown().optional(),
});

/** What an order or a call is answered with: errors cross as documents. */
export const ShellAnswerSchema = z.union([
  z.object({ error: z.unknown() }),
  z.object({ value: z.unknown() }),
]);
