import { z } from 'zod';

/** What the set-up of the desktop app asks for, of all settings. */
export const SET_UP_KEYS = [
  'apiEndpoint',
  'caFile',
  'proxy',
  'authentication',
  'clientId',
  'oauthClientId',
  'oauthAuthorizationUrl',
  'oauthTokenUrl',
  'oauthScopes',
  'tenantId',
  'robotFilter',
  'maxConcurrentRuns',
  'diskReserveBytes',
] as const;
export type SetUpKey = (typeof SET_UP_KEYS)[number];

const SettingNowSchema = z.object({
  value: z.unknown(),
  /** Who keeps it from being set here: a policy, or the environment this program was started in; null: nobody. */
  fixedBy: z.enum(['policy', 'environment']).nullable(),
  /** The name of who locked it, where it is told. */
  lockedBy: z.string().nullable(),
});
export type SettingNow = z.infer<typeof SettingNowSchema>;

/** What is known before a person enters anything. */
export const SetUpStateSchema = z.object({
  settings: z.record(z.enum(SET_UP_KEYS), SettingNowSchema),
  /** Where there is a client secret already; null: nowhere. `elsewhere`: a file or a keyring that IT chose. */
  secret: z.enum(['kept', 'elsewhere']).nullable(),
  /** `plain`: this system has no keychain, a secret would lie in a file of the person's. */
  keychain: z.enum(['safe', 'plain']),
  /** Whether it starts with the session; null: that cannot be chosen here. */
  autostart: z.boolean().nullable(),
  /** The agent was there before the app, and goes by its own settings. */
  attached: z.boolean(),
});
export type SetUpState = z.infer<typeof SetUpStateSchema>;

const line = z.string().max(2000);
/** Of what is left out, what is set holds; null: none. */
const ConnectionShape = {
  apiEndpoint: line.min(1).optional(),
  caFile: line.min(1).nullable().optional(),
  proxy: line.min(1).nullable().optional(),
};

/** What is to be tried. */
export const TryInputSchema = z.strictObject({
  ...ConnectionShape,
  /** null: the address alone. */
  credentials: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('secret'), clientId: line.min(1), clientSecret: line.min(1) }),
      /** The secret that there is already. */
      z.strictObject({ kind: z.literal('kept'), clientId: line.min(1) }),
      /** Of the person who signed in with their browser. */
      z.strictObject({
        kind: z.literal('sign-in'),
        oauthClientId: line.min(1).optional(),
        oauthAuthorizationUrl: line.min(1).optional(),
        oauthTokenUrl: line.min(1).optional(),
        oauthScopes: line.min(1).optional(),
      }),
    ])
    .nullable(),
  tenantId: line.min(1).nullable(),
});
export type TryInput = z.infer<typeof TryInputSchema>;

/** Where a person signs in. */
export const SignInPlaceSchema = z.object({
  url: z.string(),
  /** Whether a browser shows it already. */
  opened: z.boolean(),
});
export type SignInPlace = z.infer<typeof SignInPlaceSchema>;

/** Who signed in; null: the server does not tell. */
export const SignedInSchema = z.object({ account: z.string().nullable() });
export type SignedIn = z.infer<typeof SignedInSchema>;

/** What is chosen on top of what was tried and accepted last. */
export const ChoicesSchema = z.strictObject({
  /** Codes or ids; empty: all. */
  robotFilter: z.array(line.min(1)).max(2000),
  maxConcurrentRuns: z.number().int().min(1).max(64),
  diskReserveBytes: z.number().int().min(0),
  /** null: not asked. */
  autostart: z.boolean().nullable(),
  /** The person was told that there is no keychain, and wants the secret in a file. */
  mayBePlain: z.boolean(),
});
export type Choices = z.infer<typeof ChoicesSchema>;

/** An agent that started later than this goes by what was chosen. */
export const SetUpDoneSchema = z.object({ at: z.string() });
