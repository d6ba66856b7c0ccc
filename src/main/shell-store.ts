import Store from 'electron-store';
import { z } from 'zod';
import { LANGUAGES, type Language } from '../shared/words/language.ts';

const Rectangle = z.object({ x: z.number(), y: z.number(), width: z.number(), height: z.number() });

/** What the shell remembers: where the window was, and the language that was chosen in it. */
export interface ShellStore {
  window(): z.infer<typeof Rectangle> | null;
  saveWindow(bounds: z.infer<typeof Rectangle>): void;
  language(): Language | null;
  saveLanguage(language: Language): void;
  /** The encrypted secret; null: none is kept. */
  secret(): string | null;
  saveSecret(encrypted: string | null): void;
}

export function openShellStore(): ShellStore {
  const store = new Store<Record<string, unknown>>({
    name: 'window',
    clearInvalidConfig: true,
    configFileMode: 0o600,
  });
  return {
    window: () => Rectangle.safeParse(store.get('window')).data ?? null,
    saveWindow: (bounds) => store.set('window', bounds),
    language: () => z.enum(LANGUAGES).safeParse(store.get('language')).data ?? null,
    saveLanguage: (language) => store.set('language', language),
    secret: () => z.string().safeParse(store.get('secret')).data ?? null,
    saveSecret: (encrypted) => (encrypted === null ? store.delete('secret') : store.set('secret', encrypted)),
  };
}
