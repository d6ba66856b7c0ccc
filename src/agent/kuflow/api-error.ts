import { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import { readNetworkFailure } from './network-failure.ts';

/**
 * Which call failed, and where.
 * Errors made here carry `details.outcome`: 'not-sent' when the platform certainly did not act, 'refused' when it
 * said no, 'unknown' when it may have acted.
 */
export interface CallSite {
  /** "claim the task" */
  does: string;
  host: string;
  operationId: string;
}

export interface FailedAnswer {
  status: number;
  contentType: string | null;
  /** Its beginning is enough. */
  body: string;
  retryAfterMs: number | null;
  /** These credentials were accepted before, so a 403 is about the call, not about them. */
  authenticated: boolean;
}

/** The error for an answer other than 2xx. */
export function errorOfAnswer(site: CallSite, answer: FailedAnswer): AgentError {
  const { status, retryAfterMs } = answer;
  const said = readDefaultError(answer);
  const because = said.text === null ? '' : `: ${said.text}`;
  const details = {
    operationId: site.operationId,
    status,
    ...(retryAfterMs !== null && { retryAfterMs }),
    ...(said.errors.length > 0 && { errors: said.errors }),
    ...(said.isPage && { page: true }),
  };
  if (status === 401 || (status === 403 && !answer.authenticated)) {
    return new AgentError(
      'UNAUTHORIZED',
      `${site.host} does not accept the credentials (${status})${because}`,
      {
        details: { ...details, outcome: 'refused' },
      },
    );
  }
  if (status === 429) {
    return new AgentError(
      'RATE_LIMITED',
      `${site.host} asks to slow down: could not ${site.does} (429)${because}`,
      {
        details: { ...details, outcome: 'not-sent' },
      },
    );
  }
  if (status === 407) {
    return new AgentError(
      'PLATFORM_UNREACHABLE',
      `Could not ${site.does}: the proxy asks for a login (407).`,
      {
        hint: 'Put user and password into the URL of the setting proxy.',
        details: { ...details, outcome: 'not-sent' },
      },
    );
  }
  if (status >= 300 && status < 400) {
    return new AgentError(
      'PLATFORM_ERROR',
      `Could not ${site.does}: ${site.host} redirects elsewhere (${status}), as login pages of networks do.`,
      {
        hint: 'Check the endpoint, and whether this network wants a login first.',
        details: { ...details, outcome: 'unknown' },
      },
    );
  }
  if (status === 408 || status >= 500) {
    return new AgentError(
      'PLATFORM_ERROR',
      `Could not ${site.does}: ${site.host} answered ${status}${because}`,
      {
        details: { ...details, outcome: 'unknown' },
      },
    );
  }
  return new AgentError('PLATFORM_REFUSED', `The platform refused to ${site.does} (${status})${because}`, {
    details: { ...details, outcome: 'refused' },
  });
}

/** The error when no answer came, or only half of one. */
export function errorOfNetwork(site: CallSite, cause: unknown): AgentError {
  const { reason, code, outcome, hint } = readNetworkFailure(cause);
  return new AgentError('PLATFORM_UNREACHABLE', `Could not ${site.does} at ${site.host}: ${reason}.`, {
    ...(hint !== null && { hint }),
    details: { operationId: site.operationId, outcome, reason, networkCode: code },
    cause,
  });
}

/** The error when nothing complete came within the time of one attempt. */
export function errorOfTimeout(site: CallSite, timeoutMs: number): AgentError {
  const reason = `no answer within ${Math.round(timeoutMs / 1000)} s`;
  return new AgentError('PLATFORM_UNREACHABLE', `Could not ${site.does} at ${site.host}: ${reason}.`, {
    details: { operationId: site.operationId, outcome: 'unknown', reason, networkCode: 'TIMEOUT' },
  });
}

/** The error for a 2xx whose body is not what the API promises. */
export function errorOfBody(site: CallSite, problem: string, cause?: unknown): AgentError {
  return new AgentError('PLATFORM_ERROR', `Could not ${site.does}: ${site.host} answered with ${problem}.`, {
    details: { operationId: site.operationId, outcome: 'unknown' },
    ...(cause !== undefined && { cause }),
  });
}

/** A page for people with status 200: something between us and the platform answered in its place. */
export function errorOfPage(site: CallSite): AgentError {
  return new AgentError(
    'PLATFORM_ERROR',
    `Could not ${site.does}: in place of ${site.host} a web page answered, as captive portals and proxies send them.`,
    {
      hint: 'Log in to this network in a browser, or check the proxy and the endpoint.',
      details: { operationId: site.operationId, outcome: 'unknown' },
    },
  );
}

/** True where a body is a web page, by its type or, where that is not told, its beginning. */
export function isPage(contentType: string | null, beginning: string): boolean {
  return (
    /^\s*(text\/html|application\/xhtml)/i.test(contentType ?? '') ||
    /^\s*<(!doctype|html|head)/i.test(beginning)
  );
}

const DefaultErrorSchema = z.object({
  message: z.string().nullish(),
  errors: z
    .array(
      z.object({
        code: z.string().nullish(),
        message: z.string().nullish(),
        location: z.string().nullish(),
      }),
    )
    .nullish()
    .catch(null),
});

interface SaidError {
  text: string | null;
  isPage: boolean;
  errors: { code: string | null; message: string | null; location: string | null }[];
}

const TEXT_LENGTH = 500;

function readDefaultError(answer: FailedAnswer): SaidError {
  if (isPage(answer.contentType, answer.body))
    return { text: 'a web page, not an answer of the API.', isPage: true, errors: [] };
  const parsed = DefaultErrorSchema.safeParse(parseJson(answer.body));
  if (!parsed.success) return { text: null, isPage: false, errors: [] };
  const errors = (parsed.data.errors ?? []).slice(0, 10).map(({ code, message, location }) => ({
    code: code ?? null,
    message: message ?? null,
    location: location ?? null,
  }));
  const reasons = errors.map(({ message, location }) => [location, message].filter(Boolean).join(' '));
  const text = [parsed.data.message, ...reasons].filter(Boolean).join('; ');
  return { text: text === '' ? null : plain(text), isPage: false, errors };
}

/** Foreign text for one line of ours. */
function plain(text: string): string {
  const line = text.replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return line.length > TEXT_LENGTH ? `${line.slice(0, TEXT_LENGTH)}…` : line;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
