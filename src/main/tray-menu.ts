import type { AgentView } from '../shared/client/agent-store.ts';
import { type Presence, presenceOf } from '../shared/client/presence.ts';
import type { HostState } from '../shared/shell-api.ts';
import type { RobotView } from '../shared/status.ts';
import { untilTomorrow } from '../shared/until-tomorrow.ts';
import type { Words } from '../shared/words/en.ts';
import type { Format } from '../shared/words/format.ts';
import type { Presenting } from './courtesy-desk.ts';
import { courtesyItems, presentingItem } from './courtesy-menu.ts';
import { SEPARATOR, type TrayItem } from './tray-order.ts';

/** Shapes of the tray's badge. */
export type TrayState = 'idle' | 'running' | 'paused' | 'attention' | 'offline' | 'set-up';

export interface TrayInput {
  readonly view: AgentView;
  readonly host: HostState;
  readonly robots: readonly RobotView[];
  readonly presenting: Presenting;
  readonly words: Words;
  readonly format: Format;
  readonly nowMs: number;
}

const STATES: Readonly<Record<Presence['name'], TrayState>> = {
  online: 'idle',
  running: 'running',
  paused: 'paused',
  draining: 'paused',
  offline: 'offline',
  attention: 'attention',
  starting: 'idle',
  lost: 'offline',
};

export function trayStateOf({ view, host }: Pick<TrayInput, 'view' | 'host'>): TrayState {
  if (host.name === 'not-set-up') return 'set-up';
  if (host.name === 'waiting') return 'attention';
  // A person may want to put it off: that is worth a glance.
  if (view.link.state === 'live' && view.status?.courtesy?.next?.waitsFor === 'countdown') return 'attention';
  return STATES[presenceOf(view).name];
}

/** The first line: the state in words. */
export function trayHeadline({ view, host, words, format, nowMs }: TrayInput): string {
  if (host.name === 'not-set-up') return words.tray.notSetUp;
  if (host.name === 'waiting') return host.why === 'keychain' ? words.status.keychain : words.tray.restarting;
  const presence = presenceOf(view);
  const until = view.status?.pause?.until;
  switch (presence.name) {
    case 'running':
      return presence.isPreparing
        ? words.status.preparing(presence.runs)
        : words.status.running(presence.runs);
    case 'paused':
      return until ? words.status.pausedUntil(format.moment(until, nowMs)) : words.status.paused;
    case 'draining':
      return words.status.draining;
    case 'offline':
      return words.status.offline;
    case 'attention':
      return presence.isSignIn ? words.status.signInNeeded : words.status.unauthorized;
    case 'starting':
    case 'lost':
      return words.status.starting;
    case 'online':
      return view.liveRuns.length > 0 ? waitingText(view, words) : words.status.idle;
  }
}

/** Of runs none of which is at work: they are reported, or have yet to begin. */
function waitingText({ liveRuns }: AgentView, words: Words): string {
  const queued = liveRuns.filter(({ state }) => state === 'queued').length;
  return queued > 0 ? words.status.waiting(queued) : words.status.settling;
}

/** What the tray offers: what runs, each with Stop, then what can be done, Quit last. */
export function trayMenu(input: TrayInput): TrayItem[] {
  const { view, host, robots, words, nowMs } = input;
  const { status, liveRuns } = view;
  const isUp = host.name === 'running' && status !== null;
  const mayOrder = isUp && host.granted?.access !== 'read';
  const isHeld = status?.pause != null || status?.agent.state === 'draining';
  const startable = robots.filter(({ state }) => state !== 'excluded' && state !== 'unsupported');
  const running = liveRuns
    .filter(({ state }) => state === 'running' || state === 'preparing')
    .map(
      ({ id, robot }): TrayItem =>
        mayOrder
          ? { label: words.tray.stop(robot.code), order: { do: 'stop-run', id } }
          : { label: robot.code, order: { do: 'open', hash: `#/runs/${id}` } },
    );
  return [
    { label: trayHeadline(input), order: { do: 'open', hash: '#/now' } },
    SEPARATOR,
    ...(mayOrder ? courtesyItems(input) : []),
    ...running,
    ...(running.length > 0 ? [SEPARATOR] : []),
    ...(mayOrder
      ? [
          {
            label: words.tray.startRobot,
            items:
              startable.length > 0
                ? startable.map(({ code, name }) => ({
                    label: name,
                    order: { do: 'start', robot: code } as const,
                  }))
                : [{ label: words.tray.noRobots }],
          },
          isHeld
            ? { label: words.pause.resume, order: { do: 'resume' } as const }
            : {
                label: words.pause.pause,
                items: [
                  { label: words.pause.for15, order: { do: 'pause', forMs: 15 * MINUTE_MS } as const },
                  { label: words.pause.for60, order: { do: 'pause', forMs: 60 * MINUTE_MS } as const },
                  {
                    label: words.pause.tomorrow,
                    order: { do: 'pause', forMs: untilTomorrow(nowMs) } as const,
                  },
                ],
              },
          // Where no robot drives the screen it would do nothing.
          ...(status.courtesy?.desktopRobots || input.presenting !== null ? [presentingItem(input)] : []),
          SEPARATOR,
        ]
      : []),
    { label: words.tray.open, order: { do: 'open', hash: '' } },
    { label: words.tray.settings, order: { do: 'open', hash: '#/settings' } },
    SEPARATOR,
    { label: words.tray.quit, order: { do: 'quit' } },
  ];
}

const MINUTE_MS = 60_000;
