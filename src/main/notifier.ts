import { Notification } from 'electron';
import type { NoticeSwitches } from './notice-switches.ts';
import type { Notice } from './notices.ts';

/** Shows notices by the system's means, those that are wanted. @param onClick gets where the notice leads */
export function createNotifier(
  switches: NoticeSwitches,
  onClick: (hash: string) => void,
): (notice: Notice | null) => Promise<void> {
  return async (notice) => {
    if (notice === null || !(await switches.isOn(notice.kind))) return;
    // For whoever starts it in a terminal; on some desktops it is all there is.
    console.log(`Notice: ${notice.title}`);
    if (!Notification.isSupported()) return;
    const shown = new Notification({ title: notice.title, body: notice.body });
    shown.on('click', () => onClick(notice.hash));
    shown.show();
  };
}
