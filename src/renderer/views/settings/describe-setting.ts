import { z } from 'zod';
import { type SettingKey, type SettingKind, SettingsSchema, settingMeta } from '../../../shared/settings.ts';
import type { Language } from '../../../shared/words/language.ts';
import { SETTINGS_ES } from '../../words/settings-es.ts';

export interface SettingDescription {
  readonly kind: SettingKind;
  readonly text: string;
  /** What can be chosen; empty where it is not a choice. */
  readonly options: readonly string[];
}

/** Those that exist for one robot alone, or mean another thing there. */
const ROBOT_ONLY: Readonly<Record<string, { kind: SettingKind; en: string; es: string }>> = {
  maxConcurrentRuns: {
    kind: 'integer',
    en: 'Runs of this robot at the same time.',
    es: 'Ejecuciones simultáneas de este robot.',
  },
  desktop: {
    kind: 'boolean',
    en: 'It drives the screen: one such robot at a time.',
    es: 'Maneja la pantalla: solo un robot así a la vez.',
  },
};

/** Kind and description of a setting by its key: `sandbox`, `robots.INVOICES.sandbox`. */
export function describeSetting(key: string, language: Language): SettingDescription {
  const name = lastPart(key);
  const own = name === key ? undefined : ROBOT_ONLY[name];
  if (own) return { kind: own.kind, text: own[language], options: [] };
  if (!isKey(name)) return { kind: 'json', text: '', options: [] };
  const { kind, description } = settingMeta(name);
  const text = language === 'es' ? (SETTINGS_ES[name] ?? description) : description;
  return { kind, text, options: optionsOf(SettingsSchema.shape[name]) };
}

/** `sandbox` of `robots.INVOICES.sandbox`. */
export function lastPart(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1);
}

function isKey(name: string): name is SettingKey {
  return Object.hasOwn(SettingsSchema.shape, name);
}

function optionsOf(schema: z.ZodType): readonly string[] {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return optionsOf(schema.unwrap() as z.ZodType);
  return schema instanceof z.ZodEnum ? schema.options.map(String) : [];
}
