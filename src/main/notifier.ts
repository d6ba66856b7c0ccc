import { Notification } from 'electron';
import type { NoticeSwitches } from './notice-switches.ts';
import type { Notice } from './notices.ts';
import type { TrayOrder } from './tray-order.ts';

export interface NotifierOptions {
  readonly switches: NoticeSwitches;
  /** Gets where a notice leads that was clicked. */
  readonly onClick: (hash: string) => void;
  readonly onOrder: (order: TrayOrder) => void;
}

/** A desktop's list of notices may be looked at hours later; so many of ours lead somewhere then. */
const HELD = 30;

/** Shows notices by the system's means, those that are wanted; resolves to how to take one back. */
export function createNotifier({
  switches,
  onClick,
  onOrder,
}: NotifierOptions): (notice: Notice | null) => Promise<() => void> {
  // Electron itself holds none: one that nobody else holds is shown, and hears of no click.
  const held: Notification[] = [];
  return async (notice) => {
    if (notice === null || !(await switches.isOn(notice.kind))) return () => undefined;
    const { title, body, hash, offers = [], stays = false } = notice;
    // For whoever starts it in a terminal; on some desktops it is all there is.
    console.log(`Notice: ${title}`);
    if (!Notification.isSupported()) return () => undefined;
    const shown = new Notification({
      title,
      body,
      timeoutType: stays ? 'never' : 'default',
      actions: offers.map(({ label }) => ({ type: 'button', text: label })),
    });
    shown.on('click', () => onClick(hash));
    shown.on('action', (details, index) => {
      const offer = offers[chosenOf(details, index)];
      if (offer) onOrder(offer.order);
    });
    held.push(shown);
    if (held.length > HELD) held.shift();
    shown.show();
    return () => shown.close();
  };
}

/** Newer Electrons give the button's number in the event, older ones after it. */
function chosenOf(details: object, index: number | undefined): number {
  const given: unknown = Reflect.get(details, 'actionIndex');
  return typeof given === 'number' ? given : (index ?? -1);
}
