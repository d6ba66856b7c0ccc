import { firstSpoken, LANGUAGES, type Language } from '../shared/words/language.ts';

/** What a person chose for this window alone; the agent knows nothing of it. */
export interface Preferences {
  readonly theme: 'system' | 'light' | 'dark';
  /** null: what the system speaks, where we speak it. */
  readonly language: Language | null;
}

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

/** What the person chose, else the first of the system's languages that we speak. */
export function languageOf(preferences: Preferences, spoken: readonly string[]): Language {
  return preferences.language ?? firstSpoken(spoken);
}

function parse(text: string | null): { theme?: unknown; language?: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
