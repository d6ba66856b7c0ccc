import { accessSync, constants } from 'node:fs';
import { findGrantedSockets } from '../agent/home/granted-sockets.ts';
import type { ControlHandlers } from '../shared/control-api.ts';
import { AgentError, isAgentError } from '../shared/errors.ts';
import type { Context } from './context.ts';
import { connectToAgent, connectToSocket } from './control-client.ts';

type Where = Pick<Context, 'homeDir' | 'isHomeNamed' | 'environment'>;

/**
 * The agent that a command speaks to: the one of its home, which may be somebody else's who lets us in. Where no home
 * was named and none runs in our own, the one of this machine that lets us in.
 * @returns null where none runs, also after a crash that left its files
 * @throws AgentError CONTROL_REFUSED where the agent of a named home lets us in no further, USAGE where there are several
 */
export async function findAgent(where: Where): Promise<ControlHandlers | null> {
  return (await findAgentOfHome(where)) ?? (where.isHomeNamed ? null : await findAgentOfMachine(where));
}

/** The same, but never that of another home than ours. */
export async function findAgentOfHome({ homeDir, environment }: Where): Promise<ControlHandlers | null> {
  const own = await answering(
    () => connectToAgent(homeDir),
    (agent) => agent.status(),
  );
  if (own !== null) return own;
  for (const { path } of findGrantedSockets(homeDir, environment)) {
    const agent = await answering(
      () => connectToSocket(path),
      (granted) => granted.whoAmI(),
    );
    if (agent !== null) return agent;
  }
  if (!isClosed(homeDir)) return null;
  throw new AgentError(
    'CONTROL_REFUSED',
    `The home ${homeDir} is somebody else's, and no agent that runs in it lets you in.`,
  );
}

/** Whether it is there and not to be entered: then nothing can be said of what is in it. */
function isClosed(homeDir: string): boolean {
  try {
    accessSync(homeDir, constants.R_OK | constants.X_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EACCES';
  }
}

/** @throws AgentError AGENT_NOT_RUNNING */
export async function requireAgent(where: Where): Promise<ControlHandlers> {
  const agent = await findAgent(where);
  if (agent !== null) return agent;
  throw new AgentError('AGENT_NOT_RUNNING', `No agent runs in the home ${where.homeDir}.`);
}

async function findAgentOfMachine({ environment }: Where): Promise<ControlHandlers | null> {
  const found: ControlHandlers[] = [];
  for (const { path } of findGrantedSockets(null, environment)) {
    const ask = (agent: ControlHandlers) => agent.whoAmI();
    // One that lets us in no further is none of ours.
    const agent = await answering(() => connectToSocket(path), ask, ['CONTROL_REFUSED', 'PEER_REFUSED']);
    if (agent !== null) found.push(agent);
  }
  const [first = null, ...others] = found;
  if (others.length === 0) return first;
  const homes = await Promise.all(found.map(async (agent) => (await agent.status()).agent.home));
  throw new AgentError('USAGE', `Several agents of this machine let you in: ${homes.join(', ')}.`, {
    hint: 'Name the home of one by --home.',
  });
}

/** null where nobody answers, or where it answers with one of `refusals`. */
async function answering(
  connect: () => ControlHandlers,
  ask: (agent: ControlHandlers) => Promise<unknown>,
  refusals: readonly string[] = [],
): Promise<ControlHandlers | null> {
  try {
    const agent = connect();
    await ask(agent);
    return agent;
  } catch (error) {
    if (isAgentError(error) && ['AGENT_NOT_RUNNING', ...refusals].includes(error.code)) return null;
    throw error;
  }
}
