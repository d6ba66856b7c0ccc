import { existsSync } from 'node:fs';
import { findGrantedSockets } from '../agent/home/granted-sockets.ts';
import { homePaths } from '../agent/home/home-paths.ts';
import type { WhoAmI } from '../shared/control-access.ts';

export interface GrantedAgent {
  readonly socketPath: string;
  readonly access: WhoAmI['access'];
  /** Whose agent it is; null: the system does not tell. */
  readonly owner: string | null;
}

export interface FindGrantedOptions {
  readonly home: string;
  /** The home was named by somebody: no agent of another one is looked for. */
  readonly isHomeNamed: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** What the agent at this socket says of us; rejects where none listens, or where it lets us in no further. */
  readonly ask: (socketPath: string) => Promise<WhoAmI>;
}

/**
 * The service's agent that lets this person in (docs/adr/0017): of the home that was named, else of this machine, where
 * the person has set up none of their own. null: there is none, or there are several and nobody said which.
 */
export async function findGrantedAgent({
  home,
  isHomeNamed,
  environment,
  ask,
}: FindGrantedOptions): Promise<GrantedAgent | null> {
  if (!isHomeNamed && existsSync(homePaths(home).settings)) return null;
  const sockets = findGrantedSockets(isHomeNamed ? home : null, environment);
  const answers = await Promise.all(
    sockets.map(({ path }) =>
      ask(path).then(
        ({ access, owner }): GrantedAgent[] => [{ socketPath: path, access, owner }],
        () => [],
      ),
    ),
  );
  const [first = null, ...others] = answers.flat();
  return others.length === 0 ? first : null;
}
