import type { SeenRobot } from '../../../shared/connection-check.ts';
import type { Choices, SetUpKey, SetUpState, TryInput } from '../../../shared/set-up.ts';

export const STEPS = ['address', 'credentials', 'robots', 'machine'] as const;
export type Step = (typeof STEPS)[number];

const GB = 1024 ** 3;
const MOST_RUNS = 64;

/** What a person has entered so far, as written. */
export interface Draft {
  readonly address: string;
  readonly proxy: string;
  readonly caFile: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly mayBePlain: boolean;
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
    clientId: textOf(settings.clientId.value),
    clientSecret: '',
    mayBePlain: false,
    tenantId: textOf(settings.tenantId.value) || null,
    servesAll: !Array.isArray(served) || served.length === 0,
    served: Array.isArray(served) ? served.map(String) : [],
    runs: textOf(settings.maxConcurrentRuns.value),
    reserveGigabytes: gigabytesOf(settings.diskReserveBytes.value),
    autostart: autostart ?? false,
  };
}

/** Who the machine works as; another one sees other tenants and robots. */
const WHO = ['address', 'clientId'] as const;

/** A draft with what was entered now; what belonged to somebody else is forgotten. */
export function withChanges(draft: Draft, changes: Partial<Draft>): Draft {
  const isOther = WHO.some((key) => changes[key] !== undefined && changes[key]?.trim() !== draft[key].trim());
  return { ...draft, ...(isOther && { tenantId: null, servesAll: true, served: [] }), ...changes };
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
  const clientId = draft.clientId.trim();
  const typesNone = draft.clientSecret === '' && canKeepSecret(draft, state);
  return {
    ...(isSameAddress(draft, state) ? {} : { apiEndpoint: asAddress(draft.address) }),
    ...changed('proxy', draft.proxy.trim()),
    ...changed('caFile', draft.caFile.trim()),
    credentials:
      scope === 'address'
        ? null
        : typesNone
          ? { kind: 'kept', clientId }
          : { kind: 'secret', clientId, clientSecret: draft.clientSecret.trim() },
    tenantId: scope === 'address' ? null : draft.tenantId,
  };
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
