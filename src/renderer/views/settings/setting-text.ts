import type { SettingKind } from '../../../shared/settings.ts';
import type { Words } from '../../../shared/words/en.ts';
import type { Format } from '../../../shared/words/format.ts';

/** A value as people read it. */
export function shownValue(value: unknown, kind: SettingKind, words: Words, format: Format): string {
  if (value === null || value === undefined || value === '') return words.settings.none;
  if (typeof value === 'boolean') return value ? words.settings.on : words.settings.off;
  if (typeof value === 'number') {
    if (kind === 'duration') return value === 0 ? format.number(0) : format.duration(value);
    return kind === 'size' ? format.bytes(value) : format.number(value);
  }
  if (Array.isArray(value)) return value.length === 0 ? words.settings.none : value.join(', ');
  if (typeof value === 'object')
    return Object.keys(value).length === 0 ? words.settings.none : JSON.stringify(value);
  return String(value);
}

/** A value as people write it: what is read back is the same. */
export function writtenValue(value: unknown, kind: SettingKind): string {
  if (value === null || value === undefined) return '';
  if (kind === 'duration' && typeof value === 'number') return largestUnit(value, DURATIONS);
  if (kind === 'size' && typeof value === 'number') return largestUnit(value, SIZES);
  if (kind === 'list' && Array.isArray(value)) return value.join(', ');
  return typeof value === 'object' ? JSON.stringify(value, null, 2) : String(value);
}

const DURATIONS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'm'],
  [1000, 's'],
  [1, 'ms'],
] as const;
const SIZES = [
  [1024 ** 3, 'GB'],
  [1024 ** 2, 'MB'],
  [1024, 'KB'],
  [1, 'B'],
] as const;

function largestUnit(value: number, units: readonly (readonly [number, string])[]): string {
  const [size, name] = units.find(([unit]) => value >= unit && value % unit === 0) ?? [1, ''];
  return `${value / size}${name}`;
}
