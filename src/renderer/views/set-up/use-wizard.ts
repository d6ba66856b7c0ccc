import { useEffect, useRef, useState } from 'react';
import type { ConnectionCheck, Problem } from '../../../shared/connection-check.ts';
import { type AgentError, toAgentError } from '../../../shared/errors.ts';
import type { SetUpState, SignInPlace } from '../../../shared/set-up.ts';
import type { Shell } from '../../agent/bridge.ts';
import { goTo } from '../../route.ts';
import {
  choicesOf,
  type Draft,
  draftOf,
  isAsSet,
  STEPS,
  type Step,
  tryInputOf,
  withChanges,
} from './draft.ts';

/** Where the wizard is. */
export type Place = { readonly step: Step } | { readonly step: 'done'; readonly at: string };

export interface Wizard {
  readonly state: SetUpState;
  readonly draft: Draft;
  readonly place: Place;
  /** The furthest step that may be gone to without trying anything. */
  readonly reached: Step;
  /** What KuFlow said last. */
  readonly check: ConnectionCheck | null;
  readonly problem: Problem | null;
  readonly error: AgentError | null;
  readonly isBusy: boolean;
  /** Where a person is to sign in, while it is waited for them. */
  readonly signInAt: SignInPlace | null;
  readonly change: (changes: Partial<Draft>) => void;
  readonly go: (step: Step) => void;
  /** Tries what the step holds, and goes on if that will do. */
  readonly next: () => Promise<void>;
  readonly stop: () => void;
  /** Asks KuFlow again, and stays. */
  readonly lookAgain: () => Promise<void>;
  readonly finish: () => Promise<void>;
  /** Begins again at a step with what is kept by now. */
  readonly begin: (step: Step) => Promise<void>;
}

/** A change there makes everything after it unproved. */
const PROVED_BY: Partial<Record<keyof Draft, Step>> = {
  address: 'address',
  proxy: 'address',
  caFile: 'address',
  way: 'credentials',
  clientId: 'credentials',
  clientSecret: 'credentials',
  oauthClientId: 'credentials',
  oauthAuthorizationUrl: 'credentials',
  oauthTokenUrl: 'credentials',
  oauthScopes: 'credentials',
  signedIn: 'credentials',
  tenantId: 'credentials',
};

/** The wizard once it knows what there is already; null until then, with why it does not come to know. */
export function useWizard(
  { setUp }: Shell,
  /** Where to begin, and whether the agent waits for somebody to sign in. */
  { firstOf, mustSignIn }: { firstOf: (state: SetUpState) => Step; mustSignIn: boolean },
): { wizard: Wizard | null; error: AgentError | null; again: () => void } {
  const [state, setState] = useState<SetUpState | null>(null);
  const [draft, setDraft] = useState<Draft | null>(null);
  const [place, setPlace] = useState<Place>({ step: 'address' });
  const [reached, setReached] = useState<Step>('address');
  const [check, setCheck] = useState<ConnectionCheck | null>(null);
  const [trouble, setTrouble] = useState<{ problem: Problem | null; error: AgentError | null }>(NO_TROUBLE);
  const [isBusy, setBusy] = useState(false);
  const [signInAt, setSignInAt] = useState<SignInPlace | null>(null);
  /** Answers to what is no longer asked are left alone. */
  const round = useRef(0);

  const begin = async (wanted?: Step) => {
    setTrouble(NO_TROUBLE);
    try {
      const known = await setUp.state();
      setState(known);
      setDraft({ ...draftOf(known), ...(mustSignIn && { signedIn: null }) });
      const step = wanted ?? firstOf(known);
      setReached(step);
      setPlace({ step });
    } catch (error) {
      setTrouble({ problem: null, error: toAgentError(error) });
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: once; what is entered must not be lost to another render
  useEffect(() => {
    void begin();
    return () => setUp.giveUp();
  }, []);
  if (state === null || draft === null)
    return { wizard: null, error: trouble.error, again: () => void begin() };

  const attempt = async <T>(work: () => Promise<T>): Promise<T | null> => {
    const own = ++round.current;
    setTrouble(NO_TROUBLE);
    setBusy(true);
    try {
      const value = await work();
      return own === round.current ? value : null;
    } catch (thrown) {
      const error = toAgentError(thrown);
      if (own === round.current && error.code !== 'INTERRUPTED') setTrouble({ problem: null, error });
      return null;
    } finally {
      if (own === round.current) setBusy(false);
    }
  };
  const advance = (step: Step) => {
    setReached((before) => later(before, step));
    setPlace({ step });
  };
  const signIn = async () => {
    try {
      setSignInAt(await setUp.signIn(tryInputOf(draft, state, 'all')));
      return await setUp.signedIn();
    } finally {
      setSignInAt(null);
    }
  };
  const tryAll = async () => {
    const answer = await attempt(() => setUp.check(tryInputOf(draft, state, 'all')));
    if (answer === null) return null;
    setCheck(answer);
    if (answer.credentials?.problem?.code === 'SIGN_IN_NEEDED') setDraft({ ...draft, signedIn: null });
    const steps = [answer.address, answer.credentials, answer.worker, answer.tenant];
    setTrouble({ problem: steps.find((step) => step?.problem)?.problem ?? null, error: null });
    return answer;
  };

  const wizard: Wizard = {
    state,
    draft,
    place,
    reached,
    check,
    ...trouble,
    isBusy,
    signInAt,
    change: (changes) => {
      setDraft(withChanges(draft, changes));
      setTrouble(NO_TROUBLE);
      for (const key of Object.keys(changes) as (keyof Draft)[]) {
        const step = PROVED_BY[key];
        if (step === undefined) continue;
        setReached((before) => earlier(before, step));
        // Which tenants there are stays known while one of them is chosen.
        if (key !== 'tenantId') setCheck(null);
      }
    },
    go: (step) => {
      setTrouble(NO_TROUBLE);
      setPlace({ step });
    },
    next: async () => {
      if (place.step === 'address') {
        const answer = await attempt(() => setUp.check(tryInputOf(draft, state, 'address')));
        if (answer === null) return;
        setTrouble({ problem: answer.address.problem, error: null });
        if (answer.address.ok) advance('credentials');
      } else if (place.step === 'credentials') {
        const isAgain = mustSignIn && isAsSet(draft, state);
        if (draft.way === 'sign-in' && draft.signedIn === null) {
          const signedIn = await attempt(signIn);
          if (signedIn === null) return;
          setDraft({ ...draft, signedIn });
        }
        const answer = await tryAll();
        if (!answer?.ok || mustChooseTenant(answer, draft)) return;
        // The agent has been told already, and goes on.
        if (isAgain) goTo({ view: 'now' });
        else advance('robots');
      } else if (place.step === 'robots') advance('machine');
    },
    stop: () => {
      round.current++;
      setBusy(false);
      setSignInAt(null);
      setUp.giveUp();
    },
    lookAgain: async () => void (await tryAll()),
    finish: async () => {
      const choices = choicesOf(draft, state);
      if (choices === null) return;
      const done = await attempt(() => setUp.finish(choices));
      if (done !== null) setPlace({ step: 'done', at: done.at });
    },
    begin,
  };
  return { wizard, error: null, again: () => undefined };
}

/** Several, and none of them named yet. */
export function mustChooseTenant({ tenant }: ConnectionCheck, { tenantId }: Draft): boolean {
  return tenantId === null && (tenant?.seen.length ?? 0) > 1;
}

const NO_TROUBLE = { problem: null, error: null };

function later(one: Step, other: Step): Step {
  return STEPS.indexOf(one) > STEPS.indexOf(other) ? one : other;
}

function earlier(one: Step, other: Step): Step {
  return STEPS.indexOf(one) < STEPS.indexOf(other) ? one : other;
}
