import type { Presence } from '../../shared/client/presence.ts';
import type { IconName } from './icon.tsx';
import type { Tone } from './run-state.tsx';

/** The state as colour and shape; the word is in the dictionary. */
export const PRESENCE_LOOKS: Readonly<Record<Presence['name'], { tone: Tone; icon: IconName }>> = {
  online: { tone: 'success', icon: 'check' },
  running: { tone: 'info', icon: 'play' },
  paused: { tone: 'warning', icon: 'pause' },
  draining: { tone: 'warning', icon: 'pause' },
  offline: { tone: 'warning', icon: 'slash' },
  attention: { tone: 'danger', icon: 'alert' },
  starting: { tone: 'idle', icon: 'wait' },
  lost: { tone: 'warning', icon: 'slash' },
};
