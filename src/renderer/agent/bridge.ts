import { z } from 'zod';
import { errorFrom } from '../../shared/client/failure-document.ts';
import type { Transport } from '../../shared/client/transport.ts';
import { type ConnectionCheck, ConnectionCheckSchema } from '../../shared/connection-check.ts';
import {
  type Choices,
  SetUpDoneSchema,
  type SetUpState,
  SetUpStateSchema,
  type SignedIn,
  SignedInSchema,
  type SignInPlace,
  SignInPlaceSchema,
  type TryInput,
} from '../../shared/set-up.ts';
import {
  type HostState,
  HostStateSchema,
  ShellAnswerSchema,
  StreamPartSchema,
} from '../../shared/shell-api.ts';
import type { Language } from '../../shared/words/language.ts';

/** As src/preload/preload.ts gives it to the window; a browser has none. */
interface PreloadBridge {
  ask(name: string, input?: unknown): Promise<unknown>;
  hear(name: 'part' | 'go' | 'host', listener: (value: unknown) => void): void;
}

/** The desktop shell, for the window. */
export interface Shell {
  readonly transport: Transport;
  readonly host: { view: () => HostState; listen: (listener: () => void) => () => void };
  readonly setUp: {
    state(): Promise<SetUpState>;
    check(input: TryInput): Promise<ConnectionCheck>;
    /** Lets a person sign in with their browser. */
    signIn(input: TryInput): Promise<SignInPlace>;
    /** Who did, once they have. */
    signedIn(): Promise<SignedIn>;
    /** Ends what is being tried. */
    giveUp(): void;
    finish(choices: Choices): Promise<{ at: string }>;
  };
  tryDemo(): Promise<void>;
  /** Starts the agent that ended without the rest of the wait. */
  startAgent(): void;
  readonly autostart: {
    /** null: it cannot be chosen here. */
    read(): Promise<boolean | null>;
    set(on: boolean): Promise<void>;
  };
  speak(language: Language): void;
}

/** The shell that this window is in; null: it is a browser. */
export async function findShell(): Promise<Shell | null> {
  const bridge: PreloadBridge | undefined = Reflect.get(window, 'kubot');
  if (bridge === undefined) return null;
  const ask = async (name: string, input?: unknown): Promise<unknown> => {
    const answer = ShellAnswerSchema.parse(await bridge.ask(name, input));
    if ('error' in answer) throw errorFrom(answer);
    return answer.value;
  };
  let state: HostState | null = null;
  const listeners = new Set<() => void>();
  // Before anything is asked: what is told meanwhile is told once.
  bridge.hear('host', (value) => {
    state = HostStateSchema.parse(value);
    for (const listener of listeners) listener();
  });
  bridge.hear('go', (hash) => {
    location.hash = String(hash);
  });
  const first = HostStateSchema.parse(await ask('host'));
  return {
    transport: { call: (method, input) => ask('call', { method, input }), stream: openStreams(bridge, ask) },
    host: {
      view: () => state ?? first,
      listen: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    setUp: {
      state: async () => SetUpStateSchema.parse(await ask('setUpState')),
      check: async (input) => ConnectionCheckSchema.parse(await ask('setUpCheck', input)),
      signIn: async (input) => SignInPlaceSchema.parse(await ask('setUpSignIn', input)),
      signedIn: async () => SignedInSchema.parse(await ask('setUpSignedIn')),
      giveUp: () => void ask('setUpGiveUp').catch(() => undefined),
      finish: async (choices) => SetUpDoneSchema.parse(await ask('setUpFinish', choices)),
    },
    tryDemo: async () => void (await ask('tryDemo')),
    startAgent: () => void ask('startAgent').catch(() => undefined),
    autostart: {
      read: async () =>
        z
          .boolean()
          .nullable()
          .parse(await ask('autostart')),
      set: async (on) => void (await ask('setAutostart', on)),
    },
    speak: (language) => void ask('language', language),
  };
}

interface OpenStream {
  readonly parts: unknown[];
  wake: () => void;
}

function openStreams(
  bridge: PreloadBridge,
  ask: (name: string, input: unknown) => Promise<unknown>,
): Transport['stream'] {
  const open = new Map<string, OpenStream>();
  bridge.hear('part', (value) => {
    const { stream } = StreamPartSchema.parse(value);
    open.get(stream)?.parts.push(value);
    open.get(stream)?.wake();
  });
  return async function* (method, input, signal) {
    const stream = crypto.randomUUID();
    const own: OpenStream = { parts: [], wake: () => undefined };
    open.set(stream, own);
    const rouse = () => own.wake();
    signal.addEventListener('abort', rouse);
    try {
      await ask('open', { stream, method, input });
      while (!signal.aborted) {
        const next = own.parts.shift();
        if (next === undefined) {
          await new Promise<void>((resolve) => {
            own.wake = resolve;
          });
          continue;
        }
        const part = StreamPartSchema.parse(next);
        if (part.values.length > 0) yield part.values;
        if (part.error !== undefined) throw errorFrom(part);
        if (part.end) return;
      }
    } finally {
      open.delete(stream);
      signal.removeEventListener('abort', rouse);
      void ask('close', { stream }).catch(() => undefined);
    }
  };
}
