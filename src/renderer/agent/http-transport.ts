import { errorFrom } from '../../shared/client/failure-document.ts';
import { readValues } from '../../shared/client/read-values.ts';
import type { Transport } from '../../shared/client/transport.ts';
import type { ControlMethod } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';

const KEY_NAME = 'kubot-session';

/**
 * The agent that served this page. The ticket in the link's fragment, which no server sees, is exchanged for a key
 * that this tab keeps: it survives a reload, and another tab needs a link of its own.
 */
export async function openHttpTransport(): Promise<Transport> {
  const ticket = /^#ticket=([\w-]+)$/.exec(location.hash)?.[1];
  if (ticket !== undefined) {
    history.replaceState(null, '', location.pathname);
    const answer = await fetch('/session', { method: 'POST', body: ticket }).catch(() => null);
    if (answer?.ok) sessionStorage.setItem(KEY_NAME, await answer.text());
  }
  return { call, stream };
}

async function call(method: ControlMethod, input: unknown): Promise<unknown> {
  return await (await post(method, input)).json();
}

async function* stream(
  method: ControlMethod,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<readonly unknown[]> {
  const response = await post(method, input, signal);
  try {
    yield* readValues(textOf(response));
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}

/** A connection that breaks ends the text; that the end is missing is seen by who reads it. */
async function* textOf(response: Response): AsyncGenerator<string> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const part = await reader?.read().catch(() => undefined);
    if (part === undefined || part.done) return;
    yield part.value;
  }
}

async function post(method: ControlMethod, input: unknown, signal?: AbortSignal): Promise<Response> {
  const response = await fetch(`/v1/${method}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${sessionStorage.getItem(KEY_NAME) ?? 'none'}`,
    },
    body: JSON.stringify(input),
    ...(signal === undefined ? {} : { signal }),
  }).catch((cause: unknown) => {
    throw new AgentError('AGENT_NOT_RUNNING', 'The agent does not answer.', { cause });
  });
  if (response.status === 401) throw new AgentError('PAGE_SIGNED_OUT', await response.text());
  if (!response.ok) throw errorFrom(await response.json().catch(() => null));
  return response;
}
