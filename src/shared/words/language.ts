import { en, type Words } from './en.ts';
import { es } from './es.ts';

export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];

export const WORDS: Readonly<Record<Language, Words>> = { en, es };

/** The first of a person's languages that we speak. @param spoken `es-MX`, `en`, … */
export function firstSpoken(spoken: readonly string[]): Language {
  const bases = spoken.map((tag) => tag.slice(0, 2).toLowerCase());
  return LANGUAGES.find((language) => language === bases.find((base) => isLanguage(base))) ?? 'en';
}

function isLanguage(text: string): text is Language {
  return LANGUAGES.some((language) => language === text);
}
