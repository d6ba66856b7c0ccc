import { connectToAgent } from '../../../src/cli/control-client.ts';
import type { Courtesy, Screen } from '../../../src/shared/courtesy.ts';
import type { Lab } from '../../helpers/lab.ts';

/** A shell that tells the agent of a person, over the agent's socket. */
export interface PersonAtHost {
  /** Their screen is like this now. */
  screen(change: Partial<Screen>): Promise<void>;
  leave(): void;
}

export async function sitDown({ home }: Pick<Lab, 'home'>): Promise<PersonAtHost> {
  let screen: Screen = { locked: false, presenting: false };
  let leaving = new AbortController();
  const tell = async () => {
    const before = leaving;
    leaving = new AbortController();
    const told = connectToAgent(home).presence(screen, leaving.signal)[Symbol.asyncIterator]();
    await told.next();
    // Until it ends; that it was broken off is what leaving means.
    void told.next().catch(() => undefined);
    before.abort();
  };
  await tell();
  return {
    screen: async (change) => {
      screen = { ...screen, ...change };
      await tell();
    },
    leave: () => leaving.abort(),
  };
}

/** What people at the host are shown. */
export async function courtesyOf(lab: Lab): Promise<Courtesy | null> {
  return (await lab.agent.handlers.status()).courtesy;
}
