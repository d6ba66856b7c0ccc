import type { Transport } from '../shared/client/transport.ts';
import { type AgentError, isAgentError } from '../shared/errors.ts';
import type { HostState } from '../shared/shell-api.ts';
import type { AgentPlace } from './agent-socket.ts';
import type { GrantedAgent } from './granted-agent.ts';
import { errorMessageIn, type KubotProcess, startKubot, tellToStop } from './run-kubot.ts';

export interface AgentHostOptions {
  readonly nodePath: string;
  readonly cliPath: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The agent of the home that is served now. */
  readonly transport: Transport;
  readonly onState: (state: HostState) => void;
  /** A service's agent that lets this person in. */
  readonly findGranted: (home: string) => Promise<GrantedAgent | null>;
  /**
   * The client secret, from the system's keychain; null: it comes another way, or there is none. Rejects with
   * KEYRING_UNAVAILABLE while the keychain does not give it.
   */
  readonly findSecret: () => Promise<string | null>;
}

/** Which agent: the person's own, or the demo with its platform. */
export interface HostedHome {
  readonly home: string;
  readonly demo: boolean;
}

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 60_000;
/** An agent that lived for this long has started well: the next wait is short again. */
const WELL_MS = 60_000;
const LOOK_EVERY_MS = 200;
/** An agent that we did not start is looked at so often. */
const LOOK_AT_OTHERS_EVERY_MS = 2000;
/** As `kubot` ends when its configuration lacks something (docs/cli.md). */
const EXIT_CONFIGURATION = 3;

/**
 * Keeps an agent running for as long as the shell lives: one that is there already is attached to, else one is
 * started on a Node of its own, and again when it ends by itself, later each time.
 */
export class AgentHost {
  readonly #options: AgentHostOptions;
  #state: HostState = { name: 'starting' };
  #child: KubotProcess | null = null;
  #ended: Promise<void> = Promise.resolve();
  #wake = () => {};
  #isStopping = false;
  /** Another one was asked for: the end of this one is no crash, and nothing is waited for before the next. */
  #isRestarting = false;
  #hosted: HostedHome;
  /** Once one was there it is waited for: whose host is a service's wants none beside it. */
  #granted: GrantedAgent | null = null;

  constructor(options: AgentHostOptions, hosted: HostedHome) {
    this.#options = options;
    this.#hosted = hosted;
  }

  get state(): HostState {
    return this.#state;
  }

  get hosted(): HostedHome {
    return this.#hosted;
  }

  /** Where the agent listens that is served now. */
  get place(): AgentPlace {
    return this.#granted === null ? { home: this.#hosted.home } : { socketPath: this.#granted.socketPath };
  }

  /** The agent's process, when it is our own. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  /** Until `stop`. */
  async keepRunning(): Promise<void> {
    let waitMs = FIRST_WAIT_MS;
    while (!this.#isStopping) {
      if (this.#isRestarting) waitMs = FIRST_WAIT_MS;
      this.#isRestarting = false;
      this.#granted = await this.#lookForGranted();
      if (await this.#answers()) {
        this.#become({
          name: 'running',
          attached: true,
          demo: this.#hosted.demo,
          granted: this.#granted && { access: this.#granted.access, owner: this.#granted.owner },
        });
        await this.#untilGone();
        continue;
      }
      if (this.#granted !== null) {
        this.#become({ name: 'starting' });
        await this.#pause(LOOK_AT_OTHERS_EVERY_MS);
        continue;
      }
      const { hosted } = this;
      const secret = hosted.demo ? null : await this.#findSecret();
      // A keychain may ask its person first, who may quit instead.
      if (this.#isStopping) break;
      if (this.#isRestarting) continue;
      if (isAgentError(secret)) {
        waitMs = await this.#waitBefore('keychain', secret.message, waitMs);
        continue;
      }
      this.#become({ name: 'starting' });
      const began = Date.now();
      const { code, said } = await this.#runChild(hosted, secret);
      if (this.#isStopping) break;
      if (this.#isRestarting) continue;
      if (code === EXIT_CONFIGURATION) {
        this.#become({ name: 'not-set-up', message: said });
        await this.#pause(null);
        continue;
      }
      if (Date.now() - began > WELL_MS) waitMs = FIRST_WAIT_MS;
      waitMs = await this.#waitBefore('ended', said, waitMs);
    }
    this.#become({ name: 'stopped' });
  }

  /** @returns how long to wait the next time */
  async #waitBefore(why: 'ended' | 'keychain', message: string, waitMs: number): Promise<number> {
    this.#become({ name: 'waiting', why, message, untilMs: Date.now() + waitMs });
    await this.#pause(waitMs);
    return Math.min(waitMs * 2, LONGEST_WAIT_MS);
  }

  /** An error: why the keychain does not give it. */
  async #findSecret(): Promise<string | null | AgentError> {
    try {
      return await this.#options.findSecret();
    } catch (error) {
      if (isAgentError(error) && error.code === 'KEYRING_UNAVAILABLE') return error;
      throw error;
    }
  }

  /** One that ended and is started again later is started now. */
  startNow(): void {
    if (this.#state.name === 'waiting') this.#wake();
  }

  /** Something changed that it waited for: credentials, or what to serve. */
  async restart(hosted: HostedHome = this.#hosted): Promise<void> {
    const child = this.#child;
    this.#hosted = hosted;
    this.#isRestarting = true;
    if (child === null) {
      // Before whoever asked for it is answered: the window shows another view then.
      this.#become({ name: 'starting' });
      this.#wake();
      return;
    }
    tellToStop(child, 'drain');
    await this.#ended;
  }

  /**
   * Ends our own agent; one that was there before us stays.
   * @param now what runs is cancelled, else it is waited for
   */
  async stop({ now }: { now: boolean }): Promise<void> {
    this.#isStopping = true;
    if (this.#child !== null) tellToStop(this.#child, now ? 'cancel' : 'drain');
    this.#wake();
    await this.#ended;
  }

  async #runChild(
    { home, demo }: HostedHome,
    secret: string | null,
  ): Promise<{ code: number | null; said: string }> {
    const { nodePath, cliPath, environment } = this.#options;
    const args = [...(demo ? ['demo', '--stay'] : ['agent']), '--json', '--home', home];
    const child = startKubot({ nodePath, cliPath }, args, {
      environment: { ...environment, ...(secret === null ? {} : { KUBOT_SECRET_FD: '0' }) },
      input: secret,
    });
    const tail = tailOf(child);
    this.#child = child;
    const exited = new Promise<number | null>((resolve) => {
      child.once('error', () => resolve(null));
      child.once('exit', (code) => resolve(code));
    });
    this.#ended = exited.then(() => undefined);
    void this.#tellWhenUp(child);
    const code = await exited;
    this.#child = null;
    return { code, said: tail() };
  }

  async #tellWhenUp(child: KubotProcess): Promise<void> {
    while (this.#child === child) {
      if (await this.#answers()) {
        if (this.#child === child)
          this.#become({ name: 'running', attached: false, demo: this.#hosted.demo, granted: null });
        return;
      }
      await sleep(LOOK_EVERY_MS);
    }
  }

  /** One that we did not start: it is looked at now and then. */
  async #untilGone(): Promise<void> {
    const { home } = this.#hosted;
    while (!this.#isStopping && this.#hosted.home === home && (await this.#answers()))
      await this.#pause(LOOK_AT_OTHERS_EVERY_MS);
  }

  /** Its rights may be others by now: who has one is asked again. */
  async #lookForGranted(): Promise<GrantedAgent | null> {
    const { home, demo } = this.#hosted;
    if (demo) return null;
    const before = this.#granted;
    this.#granted = null;
    if (await this.#answers()) return null;
    return (await this.#options.findGranted(home)) ?? before;
  }

  async #answers(): Promise<boolean> {
    try {
      await this.#options.transport.call('status', {});
      return true;
    } catch {
      return false;
    }
  }

  #pause(milliseconds: number | null): Promise<void> {
    return new Promise((resolve) => {
      const timer = milliseconds === null ? undefined : setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #become(state: HostState): void {
    this.#state = state;
    this.#options.onState(state);
  }
}

/** What the agent said last, for a person: its error document, else the end of what it wrote. */
function tailOf(child: KubotProcess): () => string {
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out = `${out}${String(chunk)}`.slice(-8192);
  });
  child.stderr.on('data', (chunk) => {
    err = `${err}${String(chunk)}`.slice(-2048);
  });
  return () => errorMessageIn(out) ?? err.trim().split('\n').pop() ?? '';
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
