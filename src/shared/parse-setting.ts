import type { SettingKind } from './settings.ts';

/** Thrown where text does not have the form of its kind; `expected` completes "expected …". */
export class SettingTextError extends Error {
  readonly expected: string;

  constructor(expected: string) {
    super(`Expected ${expected}`);
    this.name = 'SettingTextError';
    this.expected = expected;
  }
}

/**
 * The value that a flag's or variable's text stands for; its range is checked by the table of settings.
 * @throws SettingTextError
 */
export function parseSettingText(kind: SettingKind, text: string): unknown {
  switch (kind) {
    case 'text':
    case 'choice':
      return text;
    case 'integer':
      if (!/^-?\d+$/.test(text)) throw new SettingTextError('a whole number');
      return Number(text);
    case 'boolean':
      if (/^(true|yes|on|1)$/i.test(text)) return true;
      if (/^(false|no|off|0)$/i.test(text)) return false;
      throw new SettingTextError('true or false');
    case 'duration':
      return parseDuration(text);
    case 'size':
      return parseSize(text);
    case 'json':
      return parseJson(text, 'a JSON document');
    case 'list':
      if (text.trimStart().startsWith('[')) return parseJson(text, 'a JSON array or words with commas');
      return text
        .split(',')
        .map((word) => word.trim())
        .filter((word) => word !== '');
  }
}

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * `90s`, `1.5h` or plain milliseconds → milliseconds.
 * @throws SettingTextError
 */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  const unit = (match?.[2] ?? 'ms') as keyof typeof UNIT_MS;
  const milliseconds = Math.round(Number(match?.[1]) * UNIT_MS[unit]);
  if (!Number.isSafeInteger(milliseconds)) {
    throw new SettingTextError('a duration such as 90s, 30m or 24h');
  }
  return milliseconds;
}

const UNIT_BYTES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

function parseSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(B|KB|MB|GB)?$/i.exec(text.trim());
  const unit = (match?.[2] ?? 'B').toUpperCase() as keyof typeof UNIT_BYTES;
  const bytes = Math.round(Number(match?.[1]) * UNIT_BYTES[unit]);
  if (!Number.isSafeInteger(bytes)) throw new SettingTextError('a size such as 512MB or plain bytes');
  return bytes;
}

function parseJson(text: string, expected: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SettingTextError(expected);
  }
}
