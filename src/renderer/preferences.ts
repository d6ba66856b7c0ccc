/** What a person chose for this window alone; the agent knows nothing of it. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  /** null: what the system speaks, where we speak it. */
  readonly language: Language | null;
}

export const LANGUAGES = ['en', 'es'] as const;
export type Language = (typeof LANGUAGES)[number];
export const THEMES = ['system', 'light', 'dark'] as const;

const KEY = 'kubot-preferences';

export function loadPreferences(storage: Pick<Storage, 'getItem'>): Preferences {
  const stored = parse(storage.getItem(KEY));
  return {
    theme: THEMES.find((theme) => theme === stored.theme) ?? 'system',
    language: LANGUAGES.find((language) => language === stored.language) ?? null,
  };
}

export function savePreferences(storage: Pick<Storage, 'setItem'>, preferences: Preferences): void {
  storage.setItem(KEY, JSON.stringify(preferences));
}

/** The first of the person's languages that we speak. */
export function languageOf(preferences: Preferences, spoken: readonly string[]): Language {
  if (preferences.language !== null) return preferences.language;
  const base = spoken.map((tag) => tag.slice(0, 2).toLowerCase());
  return LANGUAGES.find((language) => language === base.find((one) => isLanguage(one))) ?? 'en';
}

function isLanguage(text: string): text is Language {
  return LANGUAGES.some((language) => language === text);
}

function parse(text: string | null): { theme?: unknown; language?: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
