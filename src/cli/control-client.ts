import { statSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { readHomeHolder } from '../agent/home/home-lock.ts';
import { homePaths } from '../agent/home/home-paths.ts';
import { errorFrom, FailureSchema } from '../shared/client/failure-document.ts';
import { CONTROL_API, type ControlHandlers, type ControlMethod } from '../shared/control-api.ts';
import { AgentError } from '../shared/errors.ts';

/**
 * The agent of a home, by its control API: the same methods as its handlers.
 * @throws AgentError AGENT_NOT_RUNNING, here when nobody holds the home, else at a call
 */
export function connectToAgent(homeDir: string): ControlHandlers {
  return connectToSocket(findSocket(homeDir));
}

/** The agent that listens there. */
export function connectToSocket(socketPath: string): ControlHandlers {
  const call = (method: ControlMethod, input: unknown = {}) => callMethod(socketPath, method, input);
  const stream = (method: ControlMethod, input: unknown, signal?: AbortSignal) =>
    streamMethod(socketPath, method, input, signal);
  const { output: Status } = CONTROL_API.status;
  const { output: RunShape } = CONTROL_API.cancel;
  return {
    whoAmI: async () => CONTROL_API.whoAmI.output.parse(await call('whoAmI')),
    status: async () => Status.parse(await call('status')),
    robots: async () => CONTROL_API.robots.output.parse(await call('robots')),
    prepare: async (input) => CONTROL_API.prepare.output.parse(await call('prepare', input)),
    waiting: async () => CONTROL_API.waiting.output.parse(await call('waiting')),
    runs: async (input) => CONTROL_API.runs.output.parse(await call('runs', input)),
    orphans: async () => CONTROL_API.orphans.output.parse(await call('orphans')),
    run: async (input) => CONTROL_API.run.output.parse(await call('run', input)),
    totals: async (input) => CONTROL_API.totals.output.parse(await call('totals', input)),
    logs: (input, signal) => parsed(CONTROL_API.logs.output, stream('logs', input, signal)),
    file: (input, signal) => parsed(CONTROL_API.file.output, stream('file', input, signal)),
    why: async (input) => CONTROL_API.why.output.parse(await call('why', input)),
    start: async (input) => RunShape.parse(await call('start', input)),
    cancel: async (input) => RunShape.parse(await call('cancel', input)),
    settle: async (input) => RunShape.parse(await call('settle', input)),
    pause: async (input) => Status.parse(await call('pause', input)),
    resume: async () => Status.parse(await call('resume')),
    presence: (input, signal) => parsed(CONTROL_API.presence.output, stream('presence', input, signal)),
    postpone: async (input) => Status.parse(await call('postpone', input)),
    startNow: async (input) => Status.parse(await call('startNow', input)),
    drain: async () => Status.parse(await call('drain')),
    suspend: async () => Status.parse(await call('suspend')),
    reconnect: async () => Status.parse(await call('reconnect')),
    doctor: async () => CONTROL_API.doctor.output.parse(await call('doctor')),
    diskUse: async () => CONTROL_API.diskUse.output.parse(await call('diskUse')),
    prune: async (input) => CONTROL_API.prune.output.parse(await call('prune', input)),
    configGet: async (input) => CONTROL_API.configGet.output.parse(await call('configGet', input)),
    configSet: async (input) => CONTROL_API.configSet.output.parse(await call('configSet', input)),
    configExplain: async () => CONTROL_API.configExplain.output.parse(await call('configExplain')),
    events: (signal) => parsed(CONTROL_API.events.output, stream('events', {}, signal)),
  };
}

async function* parsed<T extends z.ZodType>(
  schema: T,
  values: AsyncIterable<unknown>,
): AsyncGenerator<z.output<T>> {
  for await (const value of values) yield schema.parse(value);
}

function findSocket(homeDir: string): string {
  const socketPath = readHomeHolder(homePaths(homeDir))?.socketPath;
  if (!socketPath) throw notRunning(homeDir);
  if (process.platform !== 'win32') assertSameOwner(socketPath, homeDir);
  return socketPath;
}

/** The socket may lie in a folder that others can write: theirs would hear what is said to ours. */
function assertSameOwner(socketPath: string, homeDir: string): void {
  const socket = statSync(socketPath, { throwIfNoEntry: false });
  if (socket === undefined) throw notRunning(homeDir);
  if (socket.uid !== statSync(homeDir).uid) {
    throw new AgentError(
      'HOME_UNUSABLE',
      `The control socket ${socketPath} does not belong to the owner of the home ${homeDir}.`,
    );
  }
}

function notRunning(where: string, cause?: unknown): AgentError {
  return new AgentError('AGENT_NOT_RUNNING', `No agent runs in the home ${where}.`, { cause });
}

async function callMethod(socketPath: string, method: ControlMethod, input: unknown): Promise<unknown> {
  const response = await post(socketPath, method, input);
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += chunk;
  const document: unknown = parseJson(text);
  if (response.statusCode !== 200) throw errorFrom(document);
  return document;
}

const StreamLine = z.union([
  FailureSchema,
  z.object({ end: z.literal(true) }),
  z.object({ value: z.unknown() }),
]);

async function* streamMethod(
  socketPath: string,
  method: ControlMethod,
  input: unknown,
  signal?: AbortSignal,
): AsyncGenerator<unknown> {
  const response = await post(socketPath, method, input, signal);
  try {
    if (response.statusCode !== 200) {
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += chunk;
      throw errorFrom(parseJson(text));
    }
    for await (const text of splitLines(response)) {
      const line = StreamLine.parse(parseJson(text));
      if ('error' in line) throw errorFrom(line);
      if ('end' in line) return;
      yield line.value;
    }
    if (!signal?.aborted)
      throw new AgentError('AGENT_NOT_RUNNING', 'The agent ended while it was answering.');
  } catch (error) {
    if (signal?.aborted) return;
    if (isBroken(error)) throw new AgentError('AGENT_NOT_RUNNING', 'The agent ended while it was answering.');
    throw error;
  } finally {
    response.destroy();
  }
}

async function* splitLines(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = `${rest}${chunk}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

function post(
  socketPath: string,
  method: ControlMethod,
  input: unknown,
  signal?: AbortSignal,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        socketPath,
        path: `/v1/${method}`,
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', host: 'localhost' },
        ...(signal === undefined ? {} : { signal }),
      },
      resolve,
    );
    sent.on('error', (error) => reject(isBroken(error) ? notRunning(socketPath, error) : error));
    sent.end(JSON.stringify(input));
  });
}

function isBroken(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return ['EACCES', 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE'].includes(
    code,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AgentError('AGENT_NOT_RUNNING', 'The agent ended while it was answering.', { cause });
  }
}
