import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';
import type { AgentClient, CallMethod, InputOf, OutputOf } from '../../shared/client/agent-client.ts';
import type { AgentStore, AgentView } from '../../shared/client/agent-store.ts';
import { type AgentError, toAgentError } from '../../shared/errors.ts';
import type { HostState } from '../../shared/shell-api.ts';
import type { Shell } from './bridge.ts';

interface Agent {
  readonly client: AgentClient;
  readonly store: AgentStore;
  /** null: in a browser. */
  readonly shell: Shell | null;
}

const AgentContext = createContext<Agent | null>(null);

export function AgentProvider({ agent, children }: { agent: Agent; children: ReactNode }) {
  return <AgentContext value={agent}>{children}</AgentContext>;
}

export function useAgent(): Agent {
  const agent = useContext(AgentContext);
  if (agent === null) throw new Error('There is no AgentProvider above');
  return agent;
}

export function useAgentView(): AgentView {
  const { store } = useAgent();
  return useSyncExternalStore(store.listen, store.view);
}

/** How the shell stands with the agent; null: in a browser, which knows nothing of it. */
export function useHostState(): HostState | null {
  const { shell } = useAgent();
  return useSyncExternalStore(shell?.host.listen ?? NEVER, shell?.host.view ?? NOTHING);
}

/** Whether one may do more than look: a service's agent may have granted no more. */
export function useMayOrder(): boolean {
  const host = useHostState();
  return host?.name !== 'running' || host.granted?.access !== 'read';
}

const NEVER = () => () => undefined;
const NOTHING = () => null;

export interface Answer<T> {
  /** The last one that came, also while another is asked for. */
  readonly data: T | null;
  readonly error: AgentError | null;
  /** Asks again. */
  readonly again: () => void;
}

/** Asks when the view appears, when the input changes, and when `version` does. */
export function useAnswer<M extends CallMethod>(
  method: M,
  input: InputOf<M>,
  version: unknown = null,
): Answer<OutputOf<M>> {
  const { client } = useAgent();
  const [answer, setAnswer] = useState<{ data: OutputOf<M> | null; error: AgentError | null }>({
    data: null,
    error: null,
  });
  const [round, setRound] = useState(0);
  const inputText = JSON.stringify(input ?? {});
  // biome-ignore lint/correctness/useExhaustiveDependencies: `round` and `version` say when to ask again
  useEffect(() => {
    let wanted = true;
    client.call(method, JSON.parse(inputText) as InputOf<M>).then(
      (data) => wanted && setAnswer({ data, error: null }),
      (error: unknown) => wanted && setAnswer((before) => ({ ...before, error: toAgentError(error) })),
    );
    return () => {
      wanted = false;
    };
  }, [client, method, inputText, round, version]);
  const again = useCallback(() => setRound((count) => count + 1), []);
  return { ...answer, again };
}

export interface Order<A extends unknown[]> {
  readonly give: (...args: A) => Promise<boolean>;
  readonly isUnderWay: boolean;
  readonly error: AgentError | null;
  readonly forget: () => void;
}

/** Something a person asked for: once at a time, with its failure kept until the next try. */
export function useOrder<A extends unknown[]>(work: (...args: A) => Promise<unknown>): Order<A> {
  const [state, setState] = useState<{ isUnderWay: boolean; error: AgentError | null }>({
    isUnderWay: false,
    error: null,
  });
  const latest = useRef(work);
  latest.current = work;
  const give = useCallback(async (...args: A) => {
    setState({ isUnderWay: true, error: null });
    try {
      await latest.current(...args);
      setState({ isUnderWay: false, error: null });
      return true;
    } catch (error) {
      setState({ isUnderWay: false, error: toAgentError(error) });
      return false;
    }
  }, []);
  const forget = useCallback(() => setState({ isUnderWay: false, error: null }), []);
  return { give, ...state, forget };
}
