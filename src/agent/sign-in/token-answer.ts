import { z } from 'zod';

const TokensSchema = z.object({
  access_token: z.string().min(1),
  token_type: z.string().regex(/^bearer$/i),
  /** Some servers send it as text. */
  expires_in: z.coerce.number().positive().max(1e9).optional(),
  refresh_token: z.string().min(1).nullish(),
  id_token: z.string().nullish().catch(null),
});
const RefusalSchema = z.object({
  error: z.string().min(1),
  error_description: z.string().nullish().catch(null),
});
const ClaimsSchema = z.object({
  email: z.string().min(1).nullish().catch(null),
  preferred_username: z.string().min(1).nullish().catch(null),
});

export interface Tokens {
  readonly kind: 'tokens';
  readonly accessToken: string;
  /** null: the server does not tell. */
  readonly lifeMs: number | null;
  /** null: it gave none. */
  readonly refreshToken: string | null;
  /** Who signed in, to be shown; null: not told. */
  readonly account: string | null;
}

export type TokenAnswer =
  | Tokens
  /** By RFC 6749, 5.2: `error` as `invalid_grant`. */
  | { readonly kind: 'refused'; readonly error: string; readonly description: string | null }
  /** No answer of a token endpoint: a page, a fault of a server. */
  | { readonly kind: 'unusable' };

/** Reads what a token endpoint answered. */
export function readTokenAnswer(status: number, body: string): TokenAnswer {
  const document = parseJson(body);
  if (status >= 200 && status < 300) {
    const { data } = TokensSchema.safeParse(document);
    if (data === undefined) return { kind: 'unusable' };
    return {
      kind: 'tokens',
      accessToken: data.access_token,
      lifeMs: data.expires_in === undefined ? null : data.expires_in * 1000,
      refreshToken: data.refresh_token ?? null,
      account: accountIn(data.id_token ?? ''),
    };
  }
  const { data } = RefusalSchema.safeParse(document);
  if (data === undefined || status >= 500 || status === 429) return { kind: 'unusable' };
  return {
    kind: 'refused',
    error: plain(data.error),
    description: plain(data.error_description ?? '') || null,
  };
}

/** Foreign text for one line of ours. */
export function plain(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 200);
}

/** It came from the token endpoint itself, so its signature need not be looked at (OpenID Connect Core, 3.1.3.7). */
function accountIn(idToken: string): string | null {
  const payload = Buffer.from(idToken.split('.')[1] ?? '', 'base64url').toString('utf8');
  const { data } = ClaimsSchema.safeParse(parseJson(payload));
  return plain(data?.email ?? data?.preferred_username ?? '') || null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
