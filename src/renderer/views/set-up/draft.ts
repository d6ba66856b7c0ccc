import type { SeenRobot } from '../../../shared/connection-check.ts';
import type { Choices, SetUpKey, SetUpState, SignedIn, TryInput } from '../../../shared/set-up.ts';

export const STEPS = ['address', 'credentials', 'robots', 'machine'] as const;
export type Step = (typeof STEPS)[number];

const GB = 1024 ** 3;
const MOST_RUNS = 64;

/** What a person has entered so far, as written. */
export interface Draft {
  readonly address: string;
  readonly proxy: string;
  readonly caFile: string;
  /** Whom the machine works as: an application, or the person who signs in. */
  readonly way: 'application' | 'sign-in';
  readonly clientId: string;
  readonly clientSecret: string;
  readonly mayBePlain: boolean;
  readonly oauthClientId: string;
  readonly oauthAuthorizationUrl: string;
  readonly oauthTokenUrl: string;
  readonly oauthScopes: string;
  /** null: somebody has to. Who signed in before this began is not told. */
  readonly signedIn: SignedIn | null;
  readonly tenantId: string | null;
  readonly servesAll: boolean;
  /** Codes or ids, where not all are served. */
  readonly served: readonly string[];
  readonly runs: string;
  readonly reserveGigabytes: string;
  readonly autostart: boolean;
}

/** What is known already, to be changed where one likes. */
export function draftOf({ settings, autostart }: SetUpState): Draft {
  const served = settings.robotFilter.value;
  return {
    address: textOf(settings.apiEndpoint.value),
    proxy: textOf(settings.proxy.value),
    caFile: textOf(settings.caFile.value),
    way: settings.authentication.value === 'oauth' ? 'sign-in' : 'application',
    clientId: textOf(settings.clientId.value),
    clientSecret: '',
    mayBePlain: false,
    oauthClientId: textOf(settings.oauthClientId.value),
    oauthAuthorizationUrl: textOf(settings.oauthAuthorizationUrl.value),
    oauthTokenUrl: textOf(settings.oauthTokenUrl.value),
    oauthScopes: textOf(settings.oauthScopes.value),
    signedIn: settings.authentication.value === 'oauth' ? { account: null } : null,
    tenantId: textOf(settings.tenantId.value) || null,
    servesAll: !Array.isArray(served) || served.length === 0,
    served: Array.isArray(served) ? served.map(String) : [],
    runs: textOf(settings.maxConcurrentRuns.value),
    reserveGigabytes: gigabytesOf(settings.diskReserveBytes.value),
    autostart: autostart ?? false,
  };
}

/** Who the machine works as; another one sees other tenants and robots. */
const WHO = ['address', 'way', 'clientId', 'oauthClientId', 'oauthTokenUrl'] as const;

/** What a person signs in by. */
export const SIGN_IN_KEYS = [
  'oauthClientId',
  'oauthAuthorizationUrl',
  'oauthTokenUrl',
  'oauthScopes',
] as const;

/** A draft with what was entered now; what belonged to somebody else is forgotten. */
export function withChanges(draft: Draft, changes: Partial<Draft>): Draft {
  const isChanged = (key: (typeof WHO)[number] | (typeof SIGN_IN_KEYS)[number]) =>
    changes[key] !== undefined && changes[key]?.trim() !== draft[key].trim();
  const isSignedInElsewhere = isChanged('address') || SIGN_IN_KEYS.some(isChanged);
  return {
    ...draft,
    ...(WHO.some(isChanged) && { tenantId: null, servesAll: true, served: [] }),
    ...(isSignedInElsewhere && { signedIn: null }),
    ...changes,
  };
}

/** People leave the scheme out. */
export function asAddress(typed: string): string {
  const text = typed.trim();
  return text === '' || /^[a-z][a-z0-9+.-]*:/i.test(text.replace(/^[^/]*:\d+/, ''))
    ? text
    : `https://${text}`;
}

/** `api.kuflow.com:8443`, for sentences; what is no address, as it was typed. */
export function hostOf(typed: string): string {
  try {
    return new URL(asAddress(typed)).host || typed.trim();
  } catch {
    return typed.trim();
  }
}

export function isSameAddress(draft: Draft, { settings }: SetUpState): boolean {
  return asAddress(draft.address) === textOf(settings.apiEndpoint.value);
}

/** Whether the secret that there is already serves, so that none need be entered. */
export function canKeepSecret(draft: Draft, state: SetUpState): boolean {
  const isSameClient = draft.clientId.trim() === textOf(state.settings.clientId.value);
  return state.secret !== null && isSameClient && isSameAddress(draft, state);
}

/** What to try: the address alone, or all of it. */
export function tryInputOf(draft: Draft, state: SetUpState, scope: 'address' | 'all'): TryInput {
  const { settings } = state;
  const changed = (key: SetUpKey, typed: string) =>
    typed === textOf(settings[key].value) ? {} : { [key]: typed === '' ? null : typed };
  return {
    ...(isSameAddress(draft, state) ? {} : { apiEndpoint: asAddress(draft.address) }),
    ...changed('proxy', draft.proxy.trim()),
    ...changed('caFile', draft.caFile.trim()),
    credentials: scope === 'address' ? null : credentialsOf(draft, state),
    tenantId: scope === 'address' ? null : draft.tenantId,
  };
}

function credentialsOf(draft: Draft, state: SetUpState): NonNullable<TryInput['credentials']> {
  if (draft.way === 'sign-in') {
    const changed = SIGN_IN_KEYS.filter((key) => draft[key].trim() !== textOf(state.settings[key].value));
    return { kind: 'sign-in', ...Object.fromEntries(changed.map((key) => [key, draft[key].trim()])) };
  }
  const clientId = draft.clientId.trim();
  return draft.clientSecret === '' && canKeepSecret(draft, state)
    ? { kind: 'kept', clientId }
    : { kind: 'secret', clientId, clientSecret: draft.clientSecret.trim() };
}

/** Whether what is entered is what is set: signing in again is all there is to do. */
export function isAsSet(draft: Draft, state: SetUpState): boolean {
  const tried = (one: Draft) => JSON.stringify(tryInputOf(one, state, 'all'));
  return tried(draft) === tried(draftOf(state));
}

/** How a robot is named in the setting: by its code, where no other has it too. */
function nameOf(robot: SeenRobot, robots: readonly SeenRobot[]): string {
  return robots.filter(({ code }) => code === robot.code).length === 1 ? robot.code : robot.id;
}

export function isServed(robot: SeenRobot, { servesAll, served }: Draft): boolean {
  return servesAll || served.includes(robot.code) || served.includes(robot.id);
}

/** The names with one robot chosen, or left out. */
export function servedWith(
  served: readonly string[],
  robot: SeenRobot,
  robots: readonly SeenRobot[],
  isIn: boolean,
): readonly string[] {
  const others = served.filter((name) => name !== robot.code && name !== robot.id);
  return isIn ? [...others, nameOf(robot, robots)] : others;
}

/** null: not a number that will do. */
export function readRuns(text: string): number | null {
  const runs = Number(text);
  return text.trim() !== '' && Number.isInteger(runs) && runs >= 1 && runs <= MOST_RUNS ? runs : null;
}

/** Bytes; null: not a number that will do. */
export function readReserve(text: string): number | null {
  const gigabytes = Number(text.replace(',', '.'));
  return text.trim() !== '' && Number.isFinite(gigabytes) && gigabytes >= 0
    ? Math.round(gigabytes * GB)
    : null;
}

/** What to keep; null while a number is missing. */
export function choicesOf(draft: Draft, state: SetUpState): Choices | null {
  const maxConcurrentRuns = readRuns(draft.runs);
  const diskReserveBytes = readReserve(draft.reserveGigabytes);
  if (maxConcurrentRuns === null || diskReserveBytes === null) return null;
  return {
    robotFilter: draft.servesAll ? [] : [...draft.served],
    maxConcurrentRuns,
    diskReserveBytes,
    autostart: state.autostart === null ? null : draft.autostart,
    mayBePlain: draft.mayBePlain,
  };
}

function gigabytesOf(value: unknown): string {
  return typeof value === 'number' ? String(Math.round((value / GB) * 100) / 100) : '';
}

function textOf(value: unknown): string {
  return value === null || value === undefined ? '' : String(value);
}
