import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react';
import type { Words } from '../../shared/words/en.ts';
import { createFormat, type Format } from '../../shared/words/format.ts';
import { type Language, WORDS } from '../../shared/words/language.ts';
import type { Shell } from '../agent/bridge.ts';
import { languageOf, loadPreferences, type Preferences, savePreferences } from '../preferences.ts';

interface Speech {
  readonly words: Words;
  readonly format: Format;
  readonly language: Language;
  readonly preferences: Preferences;
  readonly prefer: (change: Partial<Preferences>) => void;
}

const SpeechContext = createContext<Speech | null>(null);

/** Language and theme: what the person chose, else what the system says, also when it changes. */
export function SpeechProvider({ shell, children }: { shell: Shell | null; children: ReactNode }) {
  const [preferences, setPreferences] = useState(() => loadPreferences(localStorage));
  const systemIsDark = useMedia('(prefers-color-scheme: dark)');
  const language = languageOf(preferences, navigator.languages);
  const theme = preferences.theme === 'system' ? (systemIsDark ? 'dark' : 'light') : preferences.theme;
  useEffect(() => {
    document.documentElement.lang = language;
    document.documentElement.dataset.theme = theme;
    shell?.speak(language);
  }, [language, theme, shell]);
  const speech = useMemo(
    () => ({
      words: WORDS[language],
      format: createFormat(regional(language, navigator.languages)),
      language,
      preferences,
      prefer: (change: Partial<Preferences>) =>
        setPreferences((before) => {
          const next = { ...before, ...change };
          savePreferences(localStorage, next);
          return next;
        }),
    }),
    [language, preferences],
  );
  return <SpeechContext value={speech}>{children}</SpeechContext>;
}

export function useSpeech(): Speech {
  const speech = useContext(SpeechContext);
  if (speech === null) throw new Error('There is no SpeechProvider above');
  return speech;
}

export function useWords(): Words {
  return useSpeech().words;
}

export function useFormat(): Format {
  return useSpeech().format;
}

/** The time now, again and again. */
export function useNow(everyMs = 1000): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** The person's own region of the language: `en-GB` writes dates another way than `en-US`. */
function regional(language: Language, spoken: readonly string[]): string {
  return spoken.find((tag) => tag.toLowerCase().startsWith(language)) ?? language;
}

function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const media = matchMedia(query);
    const listen = () => setMatches(media.matches);
    listen();
    media.addEventListener('change', listen);
    return () => media.removeEventListener('change', listen);
  }, [query]);
  return matches;
}
