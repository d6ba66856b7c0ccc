import { createInterface } from 'node:readline';
import { z } from 'zod';
import { errorFrom, FailureSchema } from '../shared/client/failure-document.ts';
import { AgentError } from '../shared/errors.ts';
import { type SignedIn, SignedInSchema, type SignInPlace, SignInPlaceSchema } from '../shared/set-up.ts';
import type { Language } from '../shared/words/language.ts';
import {
  type Environment,
  type KubotProcess,
  lastWordsOf,
  notStarted,
  parseOutput,
  sentenceFor,
  startKubot,
} from './run-kubot.ts';
import type { ShellPlaces } from './shell-places.ts';

/** What `kubot sign-in --json` says, a line each (docs/cli.md). */
const LineSchema = z.union([
  SignInPlaceSchema.extend({ event: z.literal('waiting') }),
  SignedInSchema.extend({ event: z.literal('signed-in') }),
  FailureSchema,
]);

/**
 * Runs `kubot sign-in` until a person can sign in, and tells when they have. The program keeps what comes of it by
 * itself: no token comes here.
 * @param environment with the settings to sign in by
 * @throws AgentError what the command ends with before anybody could; INTERRUPTED when `signal` aborts
 */
export async function startSignIn(
  places: Pick<ShellPlaces, 'nodePath' | 'cliPath' | 'home'>,
  environment: Environment,
  { language, signal }: { language: Language; signal: AbortSignal },
): Promise<{ place: SignInPlace; signedIn: Promise<SignedIn> }> {
  const args = ['sign-in', '--json', '--language', language, '--home', places.home];
  const child = startKubot(places, args, { environment });
  const end = endOf(child, places.nodePath, signal);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const place = await lineOf('waiting', lines, end);
  const signedIn = lineOf('signed-in', lines, end);
  // It may fail while nobody asks for it.
  signedIn.catch(() => undefined);
  return { place: SignInPlaceSchema.parse(place), signedIn };
}

type Line = Exclude<z.infer<typeof LineSchema>, z.infer<typeof FailureSchema>>;

async function lineOf<E extends Line['event']>(
  event: E,
  lines: AsyncIterator<string>,
  end: Promise<AgentError>,
): Promise<Extract<Line, { event: E }>> {
  for (;;) {
    const { value, done } = await lines.next();
    if (done) throw await end;
    const line = LineSchema.safeParse(parseOutput(value)).data;
    if (line === undefined) continue;
    if ('error' in line) throw errorFrom(line);
    if (line.event === event) return line as Extract<Line, { event: E }>;
  }
}

/** Why it ended, where it said no reason by itself. */
function endOf(child: KubotProcess, nodePath: string, signal: AbortSignal): Promise<AgentError> {
  const stderr = lastWordsOf(child);
  const leave = () => void child.kill();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(notStarted(nodePath, error)));
    child.once('close', () => {
      signal.removeEventListener('abort', leave);
      if (signal.aborted) resolve(new AgentError('INTERRUPTED', 'Signing in was given up.'));
      const said = sentenceFor({ stderr: stderr() });
      resolve(new AgentError('UNEXPECTED', said || 'The program kubot ended before anybody had signed in.'));
    });
  });
}
