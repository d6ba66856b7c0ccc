import type { CourtesyNext } from '../shared/courtesy.ts';
import { assertNever } from '../shared/errors.ts';
import type { Words } from '../shared/words/en.ts';
import type { Format } from '../shared/words/format.ts';
import { courtesyOffers } from './courtesy-notice.ts';
import type { TrayInput } from './tray-menu.ts';
import { SEPARATOR, type TrayItem } from './tray-order.ts';

/** The desktop run that is next, and what can be said to it. */
export function courtesyItems({
  view,
  words,
  format,
  nowMs,
}: Pick<TrayInput, 'view' | 'words' | 'format' | 'nowMs'>): TrayItem[] {
  const next = view.status?.courtesy?.next ?? null;
  if (next === null) return [];
  return [
    { label: nextText(next, words, format, nowMs), order: { do: 'open', hash: '#/now' } },
    ...courtesyOffers(next, words, nowMs),
    SEPARATOR,
  ];
}

/** The switch by which a person says that they present something. */
export function presentingItem({
  presenting,
  words,
  format,
  nowMs,
}: Pick<TrayInput, 'presenting' | 'words' | 'format' | 'nowMs'>): TrayItem {
  const text = words.courtesy;
  if (presenting === null) {
    return {
      label: text.present,
      items: [
        { label: text.presentForHour, order: { do: 'present', forMs: HOUR_MS } },
        { label: text.presentOn, order: { do: 'present', forMs: null } },
      ],
    };
  }
  const until = presenting.untilMs === null ? null : new Date(presenting.untilMs).toISOString();
  return {
    label: until === null ? text.presenting : text.presentingUntil(format.moment(until, nowMs)),
    order: { do: 'stop-presenting' },
    isChecked: true,
  };
}

const HOUR_MS = 60 * 60_000;

function nextText(
  { robot, waitsFor, until }: CourtesyNext,
  words: Words,
  format: Format,
  nowMs: number,
): string {
  const { startsAt, waits, waitsInTray } = words.courtesy;
  switch (waitsFor) {
    case 'countdown':
      return startsAt(robot, until === null ? '' : format.clock(until));
    case 'postponement':
      return waitsInTray(robot, waits.postponement(until === null ? '' : format.moment(until, nowMs)));
    case 'presentation':
    case 'unlock':
    case 'return':
      return waitsInTray(robot, waits[waitsFor]);
    default:
      return assertNever(waitsFor);
  }
}
