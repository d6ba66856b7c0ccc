import { readFileSync, statSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { z } from 'zod';
import { homePaths } from '../agent/home/home-paths.ts';
import { errorFrom } from '../shared/client/failure-document.ts';
import { readValues } from '../shared/client/read-values.ts';
import type { Transport } from '../shared/client/transport.ts';
import { AgentError } from '../shared/errors.ts';

const Holder = z.object({ socketPath: z.string().nullable() });

/** Where an agent listens: the one of a home, looked up for each call, or the one at a socket. */
export type AgentPlace = { readonly home: string } | { readonly socketPath: string };

/** An agent by its local socket, asked for with each call: it may be another one by now. */
export function createSocketTransport(place: () => AgentPlace): Transport {
  return {
    call: async (method, input) => {
      const response = await post(place(), method, input);
      let text = '';
      for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
      const document: unknown = JSON.parse(text);
      if (response.statusCode !== 200) throw errorFrom(document);
      return document;
    },
    stream: async function* (method, input, signal) {
      const response = await post(place(), method, input);
      const leave = () => response.destroy();
      signal.addEventListener('abort', leave);
      try {
        if (response.statusCode !== 200) throw new AgentError('UNEXPECTED', `The agent refused ${method}.`);
        yield* readValues(textOf(response));
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        signal.removeEventListener('abort', leave);
        response.destroy();
      }
    },
  };
}

/** A connection that breaks ends the text. */
async function* textOf(response: IncomingMessage): AsyncGenerator<string> {
  try {
    for await (const chunk of response.setEncoding('utf8')) yield String(chunk);
  } catch {
    // That the end is missing is seen by who reads it.
  }
}

function post(place: AgentPlace, method: string, input: unknown): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const socketPath = 'home' in place ? findSocket(place.home) : place.socketPath;
    if (socketPath === null) {
      reject(gone(place));
      return;
    }
    const sent = request(
      {
        socketPath,
        path: `/v1/${method}`,
        method: 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', host: 'localhost' },
      },
      resolve,
    );
    sent.on('error', (cause) => reject(gone(place, cause)));
    sent.end(JSON.stringify(input));
  });
}

/** As its lock's holder file says; null: no agent, or a socket that is not the home's owner's. */
function findSocket(homeDir: string): string | null {
  try {
    const { socketPath } = Holder.parse(JSON.parse(readFileSync(homePaths(homeDir).holder, 'utf8')));
    if (socketPath === null || process.platform === 'win32') return socketPath;
    return statSync(socketPath).uid === statSync(homeDir).uid ? socketPath : null;
  } catch {
    return null;
  }
}

function gone(place: AgentPlace, cause?: unknown): AgentError {
  const where = 'home' in place ? `in ${place.home}` : `at ${place.socketPath}`;
  return new AgentError('AGENT_NOT_RUNNING', `No agent answers ${where}.`, { cause });
}
