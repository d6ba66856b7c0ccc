import type { ConnectionCheck } from '../shared/connection-check.ts';
import { AgentError } from '../shared/errors.ts';
import type {
  Choices,
  SettingNow,
  SetUpKey,
  SetUpState,
  SignedIn,
  SignInPlace,
  TryInput,
} from '../shared/set-up.ts';
import type { Language } from '../shared/words/language.ts';
import type { AutostartSwitch } from './autostart.ts';
import { startSignIn } from './browser-sign-in.ts';
import {
  checkEnvironment,
  checkSetUp,
  hasSecretElsewhere,
  readSettings,
  settingsFor,
} from './check-set-up.ts';
import { type Environment, runKubot, sentenceFor } from './run-kubot.ts';
import type { SecretKeeper } from './secret-keeper.ts';
import type { ShellPlaces } from './shell-places.ts';

export interface SetUpOptions {
  readonly places: Pick<ShellPlaces, 'nodePath' | 'cliPath' | 'home'>;
  readonly environment: Environment;
  readonly secrets: SecretKeeper;
  readonly autostart: Pick<AutostartSwitch, 'read' | 'set'>;
  readonly isAttached: () => boolean;
  /** Of the page that the browser is left with. */
  readonly language: () => Language;
  /** Starts the agent of the person's own home anew; one that works finishes first. */
  readonly restart: () => void;
}

/** What was tried last and accepted. */
interface Accepted {
  readonly input: TryInput;
  /** To be kept; null: it is where it was. */
  readonly secret: string | null;
}

type Settings = Record<SetUpKey, SettingNow>;

/** What leads from nothing to an agent that works: tries what is entered, and keeps nothing that was not accepted. */
export class SetUp {
  readonly #options: SetUpOptions;
  #settings: Settings | null = null;
  #accepted: Accepted | null = null;
  #trying = new AbortController();
  #signingIn: Promise<SignedIn> | null = null;

  constructor(options: SetUpOptions) {
    this.#options = options;
  }

  async state(): Promise<SetUpState> {
    const { secrets, environment, autostart, isAttached } = this.#options;
    const [settings, secret, keychain, starts] = await Promise.all([
      this.#read(),
      // One that the keychain does not give can be entered anew.
      secrets.find().catch(() => null),
      secrets.keychain(),
      autostart.read(),
    ]);
    return {
      settings,
      secret: secret !== null ? 'kept' : hasSecretElsewhere(environment) ? 'elsewhere' : null,
      keychain,
      autostart: starts,
      attached: isAttached(),
    };
  }

  /** @throws AgentError INTERRUPTED when another try, or `giveUp`, comes before its answer */
  async check(given: TryInput): Promise<ConnectionCheck> {
    const { places, environment, secrets } = this.#options;
    this.giveUp();
    const { signal } = this.#trying;
    if (given.credentials !== null) this.#accepted = null;
    const settings = this.#settings ?? (await this.#read());
    const input = withoutFixed(given, settings);
    if (input.credentials?.kind === 'kept') assertSameAddress(input, settings);
    const secret =
      input.credentials?.kind === 'secret'
        ? input.credentials.clientSecret
        : input.credentials === null
          ? null
          : await secrets.find();
    const check = await checkSetUp(places, environment, { input, secret, signal });
    if (check.ok && input.credentials !== null)
      this.#accepted = { input, secret: input.credentials.kind === 'secret' ? secret : null };
    return check;
  }

  /**
   * Lets a person sign in with the system's browser by what is entered. What lasts of it is in the keyring then, where
   * nobody but an agent with these settings uses it.
   * @throws AgentError CONFIG_INVALID, KEYRING_UNAVAILABLE, INTERRUPTED
   */
  async signIn(given: TryInput): Promise<SignInPlace> {
    const { places, environment, language } = this.#options;
    this.giveUp();
    const { signal } = this.#trying;
    this.#accepted = null;
    const input = withoutFixed(given, this.#settings ?? (await this.#read()));
    const { place, signedIn } = await startSignIn(places, checkEnvironment(environment, input, null), {
      language: language(),
      signal,
    });
    this.#signingIn = signedIn;
    return place;
  }

  /**
   * Who signed in, once somebody has.
   * @throws AgentError SIGN_IN_REFUSED, SIGN_IN_TIMED_OUT, SIGN_IN_FAILED, KEYRING_UNAVAILABLE, PLATFORM_UNREACHABLE,
   * INTERRUPTED; CONFLICT where nobody was asked to
   */
  async signedIn(): Promise<SignedIn> {
    if (this.#signingIn === null) throw new AgentError('CONFLICT', 'Nobody is signing in.');
    return await this.#signingIn;
  }

  /** Ends what is being tried. */
  giveUp(): void {
    this.#trying.abort();
    this.#trying = new AbortController();
  }

  /**
   * Keeps what was accepted last, with the choices, and starts the agent by it.
   * @throws AgentError CONFLICT when nothing was accepted, CONFIG_INVALID when something cannot be kept
   */
  async finish(choices: Choices): Promise<{ at: string }> {
    const { places, environment, secrets, autostart, restart } = this.#options;
    const accepted = this.#accepted;
    if (accepted === null)
      throw new AgentError('CONFLICT', 'KuFlow has accepted nothing of this yet.', {
        hint: 'Go back to the credentials and try them again.',
      });
    const { secret } = accepted;
    // First what may be refused, then what is left behind.
    if (secret !== null) await secrets.keep(secret, { mayBePlain: choices.mayBePlain });
    else if (accepted.input.credentials?.kind === 'sign-in') await secrets.forget();
    const settings = this.#settings ?? (await this.#read());
    await writeSettings(places, environment, changesOf(accepted.input, choices, settings));
    if (choices.autostart !== null) await autostart.set(choices.autostart);
    this.#accepted = null;
    this.#settings = null;
    const at = new Date().toISOString();
    restart();
    return { at };
  }

  async #read(): Promise<Settings> {
    const { places, environment } = this.#options;
    this.#settings = await readSettings(places, environment);
    return this.#settings;
  }
}

/** What somebody else has fixed is tried, and left, as it is. */
export function withoutFixed(input: TryInput, settings: Settings): TryInput {
  const free = <T>(key: SetUpKey, value: T): T | undefined =>
    settings[key].fixedBy === null ? value : undefined;
  const tenantId = settings.tenantId.value;
  return {
    apiEndpoint: free('apiEndpoint', input.apiEndpoint),
    caFile: free('caFile', input.caFile),
    proxy: free('proxy', input.proxy),
    credentials: credentialsWithoutFixed(input.credentials, settings),
    tenantId:
      settings.tenantId.fixedBy === null ? input.tenantId : typeof tenantId === 'string' ? tenantId : null,
  };
}

function credentialsWithoutFixed(
  credentials: TryInput['credentials'],
  settings: Settings,
): TryInput['credentials'] {
  if (credentials === null) return null;
  const { authentication } = settings;
  const isSignIn = credentials.kind === 'sign-in';
  if (authentication.fixedBy !== null && isSignIn !== (authentication.value === 'oauth')) {
    throw new AgentError(
      'CONFIG_INVALID',
      `It was fixed that this machine works as ${isSignIn ? 'an application' : 'a person'}.`,
    );
  }
  if (isSignIn) {
    const isFree = ([key]: [string, unknown]) => settings[key as SetUpKey]?.fixedBy === null;
    return { kind: 'sign-in', ...Object.fromEntries(Object.entries(credentials).filter(isFree)) };
  }
  const { value, fixedBy } = settings.clientId;
  return fixedBy === null ? credentials : { ...credentials, clientId: String(value ?? '') };
}

/** A kept secret goes to nobody but whom it was kept for, whatever the window says. */
function assertSameAddress({ apiEndpoint }: TryInput, settings: Settings): void {
  if (apiEndpoint === undefined || apiEndpoint === settings.apiEndpoint.value) return;
  throw new AgentError('CONFIG_INVALID', 'The address is another one: the secret has to be entered again.');
}

/** Keys and their values as `kubot config set` takes them; what is so already is left out. */
export function changesOf(input: TryInput, choices: Choices, settings: Settings): [SetUpKey, string][] {
  const wanted: [SetUpKey, unknown][] = [
    ['apiEndpoint', input.apiEndpoint],
    ['caFile', input.caFile],
    ['proxy', input.proxy],
    ...settingsFor(input.credentials),
    ['tenantId', input.tenantId],
    ['robotFilter', choices.robotFilter],
    ['maxConcurrentRuns', choices.maxConcurrentRuns],
    ['diskReserveBytes', choices.diskReserveBytes],
  ];
  return wanted.flatMap(([key, value]): [SetUpKey, string][] => {
    const { value: before, fixedBy } = settings[key];
    if (value === undefined || fixedBy !== null || JSON.stringify(value) === JSON.stringify(before))
      return [];
    return [[key, typeof value === 'string' ? value : JSON.stringify(value)]];
  });
}

/**
 * Writes settings of the home as `kubot config set` does: by its agent where one runs.
 * @throws AgentError CONFIG_INVALID
 */
async function writeSettings(
  places: SetUpOptions['places'],
  environment: Environment,
  settings: readonly (readonly [SetUpKey, string])[],
): Promise<void> {
  for (const [key, value] of settings) {
    const finished = await runKubot(places, ['config', 'set', key, '-', '--home', places.home], {
      environment,
      input: value,
    });
    if (finished.code !== 0)
      throw new AgentError('CONFIG_INVALID', sentenceFor(finished) || `${key} could not be written.`);
  }
}
