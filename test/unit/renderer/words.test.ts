import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { languageOf, loadPreferences, savePreferences } from '../../../src/renderer/preferences.ts';
import { SETTINGS_ES } from '../../../src/renderer/words/settings-es.ts';
import { SettingsSchema } from '../../../src/shared/settings.ts';
import { en } from '../../../src/shared/words/en.ts';
import { es } from '../../../src/shared/words/es.ts';
import { createFormat } from '../../../src/shared/words/format.ts';

describe('the words', () => {
  test('of every setting are there in Spanish', () => {
    const keys = Object.keys(SettingsSchema.shape);
    expect(keys.filter((key) => !Object.hasOwn(SETTINGS_ES, key))).toEqual([]);
  });

  test('of both languages are sentences without exclamation marks, none of them empty', () => {
    const texts = [...textsOf(en), ...textsOf(es)];
    expect(texts.filter((text) => text.trim() === '' || /[!¡]/.test(text))).toEqual([]);
  });

  test('of both languages have the same shape', () => {
    expect(keysOf(es)).toEqual(keysOf(en));
  });
});

describe('a format', () => {
  const now = Date.parse('2026-03-10T12:00:00Z');
  test.each([
    [420, '420 ms'],
    [3400, '3.4s'],
    [59_000, '59s'],
    [102_000, '1m 42s'],
    [120_000, '2m'],
    [7_500_000, '2h 5m'],
    [90_000_000, '1d 1h'],
  ])('writes %i ms as %s', (ms, text) => {
    expect(createFormat('en-US').duration(ms)).toBe(text);
  });

  test.each([
    [102_000, '1:42'],
    [3_723_000, '1:02:03'],
    [-5, '0:00'],
  ])('writes what goes on for %i ms as %s', (ms, text) => {
    expect(createFormat('en').stopwatch(ms)).toBe(text);
  });

  test('writes numbers and times as the language does', () => {
    const [english, spanish] = [createFormat('en-US'), createFormat('es-ES')];
    const at = '2026-03-10T11:57:00Z';
    expect([english.number(12345.5), spanish.number(12345.5)]).toEqual(['12,345.5', '12.345,5']);
    expect([english.ago(at, now), spanish.ago(at, now)]).toEqual(['3 minutes ago', 'hace 3 minutos']);
    expect([english.bytes(1_234_000_000), spanish.bytes(1_234_000_000)]).toEqual(['1.2 GB', '1,2 GB']);
  });

  test('writes the moments in a sentence of the agent as the person’s clock has them', () => {
    const text = 'This host is paused until 2026-03-10T14:30:00.000Z. See 2026-03-10T1.';
    const { moment, sentence } = createFormat('en-GB');
    const at = moment('2026-03-10T14:30:00.000Z', now);
    expect(sentence(text, now)).toBe(`This host is paused until ${at}. See 2026-03-10T1.`);
  });

  test('names the day of what is older than one', () => {
    expect(createFormat('en-US').ago('2026-03-08T10:00:00Z', now)).toContain('Mar 8');
  });
});

describe('the language', () => {
  test.each([
    [['es-MX', 'en'], 'es'],
    [['fr-FR', 'es'], 'es'],
    [['de'], 'en'],
    [[], 'en'],
  ])('of a system that speaks %j is %s', (spoken, language) => {
    expect(languageOf({ theme: 'system', language: null }, spoken)).toBe(language);
  });

  test('that was chosen is kept, and rubbish is nobody’s choice', () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
    };
    expect(loadPreferences(storage)).toEqual({ theme: 'system', language: null });
    savePreferences(storage, { theme: 'dark', language: 'es' });
    expect(loadPreferences(storage)).toEqual({ theme: 'dark', language: 'es' });
    for (const rubbish of ['{', '7', '{"theme":"pink","language":"xx"}']) {
      kept.set([...kept.keys()][0] ?? '', rubbish);
      expect(loadPreferences(storage)).toEqual({ theme: 'system', language: null });
    }
  });
});

describe('the colours', () => {
  const css = readFileSync(join(import.meta.dirname, '../../../src/renderer/styles/tokens.css'), 'utf8');
  const themes = {
    light: tokensOf(css, ':root {\n  color-scheme: light'),
    dark: tokensOf(css, ':root[data-theme="dark"] {'),
  };
  const texts = [
    'text',
    'text-soft',
    'accent',
    'accent-strong',
    'success',
    'warning',
    'danger',
    'info',
    'idle',
  ];
  const grounds = ['ground', 'surface', 'sunken', 'rail-ground', 'hover'];
  const pairs = [
    ...texts.flatMap((text) => grounds.map((ground) => [text, ground] as const)),
    ...['success', 'warning', 'danger', 'info', 'idle'].map((tone) => [tone, `${tone}-soft`] as const),
    ['on-accent', 'accent'] as const,
    ['on-accent', 'accent-strong'] as const,
    ['accent-strong', 'accent-soft'] as const,
  ];

  test.each(['light', 'dark'] as const)('of the %s theme can be told apart, 4.5 to 1 or better', (theme) => {
    const colours = themes[theme];
    const low = pairs.filter(([text, ground]) => contrast(colours[text] ?? '', colours[ground] ?? '') < 4.5);
    expect(low).toEqual([]);
  });
});

function textsOf(words: object): string[] {
  return Object.values(words).flatMap((value: unknown) =>
    typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? textsOf(value) : [],
  );
}

function keysOf(words: object): unknown[] {
  return Object.entries(words).map(([key, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null ? [key, keysOf(value)] : key,
  );
}

/** The sRGB colours of the block that begins so. */
function tokensOf(css: string, beginning: string): Record<string, string> {
  const block = css.slice(css.indexOf(beginning)).split('}')[0] ?? '';
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name, hex]) => [name, hex]),
  );
}

/** As WCAG 2 has it. */
function contrast(one: string, other: string): number {
  const [lighter = 0, darker = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (lighter + 0.05) / (darker + 0.05);
}

function luminance(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((place) => {
    const value = Number.parseInt(hex.slice(place, place + 2), 16) / 255;
    return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
