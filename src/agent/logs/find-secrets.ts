import { isMaskable } from './secret-forms.ts';
import { isSecretName } from './secret-names.ts';

export interface FoundSecrets {
  /** Never to be seen in a log. */
  values: string[];
  /** Names of variables whose values are too short to be masked. */
  tooShort: string[];
}

const MIN_TOKEN_LENGTH = 16;

/** A login inside a URL. */
const URL_LOGIN = /[a-z][a-z0-9+.-]*:\/\/([^/\s@]*)@/gi;

/**
 * The secrets among variables: values whose name looks secret or is in `named`; and in any value the passwords that
 * stand in it by themselves, for a program that takes a connection string or a JSON document apart prints its parts.
 */
export function findSecrets(
  variables: Readonly<Record<string, string>>,
  named: readonly string[] = [],
): FoundSecrets {
  const values = new Set<string>();
  const tooShort: string[] = [];
  for (const [name, value] of Object.entries(variables)) {
    for (const part of secretParts(value)) if (isMaskable(part)) values.add(part);
    if (!isSecretName(name) && !named.includes(name)) continue;
    if (isMaskable(value)) values.add(value);
    else if (value !== '') tooShort.push(name);
  }
  return { values: [...values], tooShort };
}

/** Parts of a value that are secrets whatever the variable's name. */
function secretParts(value: string): string[] {
  return [...urlLogins(value), ...pairs(value), ...jsonParts(value)];
}

/** The password of `scheme://user:password@host`, or a token alone; as it stands there and as it is sent. */
function urlLogins(value: string): string[] {
  return [...value.matchAll(URL_LOGIN)].flatMap(([, login = '']) => {
    const colon = login.indexOf(':');
    // A login without a password is a user's name, unless it is as long as a token.
    if (colon === -1 && login.length < MIN_TOKEN_LENGTH) return [];
    const secret = login.slice(colon + 1);
    try {
      return [secret, decodeURIComponent(secret)];
    } catch {
      return [secret];
    }
  });
}

/** `Server=db;Password=…;` and `host=db password=…`. */
function pairs(value: string): string[] {
  return [...value.matchAll(/(?:^|[;\s])([\w ]+?)\s*=\s*("[^"]*"|'[^']*'|[^;\s]*)/g)].flatMap(
    ([, name = '', part = '']) =>
      isSecretName(name.trim().replaceAll(' ', '_')) ? [part.replace(/^(["'])(.*)\1$/, '$2')] : [],
  );
}

/** Strings of a JSON document whose keys look secret. */
function jsonParts(value: string): string[] {
  if (!/^\s*[[{]/.test(value)) return [];
  try {
    return [...stringsOf(JSON.parse(value), false)];
  } catch {
    return [];
  }
}

function* stringsOf(value: unknown, isSecret: boolean): Generator<string> {
  if (typeof value === 'string' && isSecret) yield value;
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    yield* stringsOf(part, Array.isArray(value) ? isSecret : isSecretName(key));
  }
}
