import { type CourtesyNext, postponeChoices } from '../shared/courtesy.ts';
import type { Words } from '../shared/words/en.ts';
import type { Format } from '../shared/words/format.ts';
import type { Notice } from './notices.ts';
import type { TrayOrder } from './tray-order.ts';

export interface Offer {
  readonly label: string;
  readonly order: TrayOrder;
}

/** What a person can say to the desktop run that is next; Stop is always among it. */
export function courtesyOffers(next: CourtesyNext, words: Words, nowMs: number): Offer[] {
  const { runId: id, robot } = next;
  const later =
    next.waitsFor === 'countdown'
      ? postponeChoices(next, nowMs).map((forMs) => ({
          label: words.courtesy.inMinutes(forMs / 60_000),
          order: { do: 'postpone', id, forMs } as const,
        }))
      : [];
  return [
    { label: words.courtesy.startNow, order: { do: 'start-now', id } },
    ...later,
    { label: words.tray.stop(robot), order: { do: 'stop-run', id } },
  ];
}

/** What is told of a robot that is about to begin. null: it does not count down. */
export function noticeOfCountdown(
  next: CourtesyNext | null,
  { words, format, nowMs }: { words: Words; format: Format; nowMs: number },
): Notice | null {
  if (next?.waitsFor !== 'countdown' || next.until === null) return null;
  return {
    kind: 'start',
    title: words.courtesy.noticeTitle(next.robot),
    body: words.courtesy.noticeText(format.clock(next.until)),
    hash: '#/now',
    offers: courtesyOffers(next, words, nowMs),
    stays: true,
  };
}

/** Tells countdowns apart: one that begins anew is told anew. null: none goes on. */
export function countdownKey(next: CourtesyNext | null): string | null {
  return next?.waitsFor === 'countdown' ? `${next.runId} ${next.until}` : null;
}
