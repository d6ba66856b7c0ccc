import type { AgentView } from '../shared/client/agent-store.ts';
import { needsSignIn } from '../shared/client/presence.ts';
import type { ControlEvent } from '../shared/control-api.ts';
import type { SettingKey } from '../shared/settings.ts';
import type { HostState } from '../shared/shell-api.ts';
import type { Words } from '../shared/words/en.ts';
import type { TrayOrder } from './tray-order.ts';

/** What each switch of the settings is about. */
export const NOTICE_SETTINGS = {
  start: 'notifyStarts',
  failed: 'notifyFailures',
  attention: 'notifyAttention',
} as const satisfies Record<string, SettingKey>;
export type NoticeKind = keyof typeof NOTICE_SETTINGS;

export interface Notice {
  readonly kind: NoticeKind;
  readonly title: string;
  readonly body: string;
  /** Where a click on it leads. */
  readonly hash: string;
  /** Buttons, where the system has them. */
  readonly offers?: readonly { readonly label: string; readonly order: TrayOrder }[];
  /** Shown until it is taken back, where the system lets it. */
  readonly stays?: boolean;
}

/** What an event of the agent is worth telling a person who does not look. null: nothing. */
export function noticeOfEvent(event: ControlEvent, before: AgentView['status'], words: Words): Notice | null {
  if (event.type === 'run') {
    const { run } = event;
    if (run.state !== 'ended' || run.outcome === 'succeeded' || run.settled?.action !== 'kept') return null;
    return {
      kind: 'failed',
      title: words.notify.failed(run.robot.code),
      body: run.error?.message ?? words.notify.failedText,
      hash: `#/runs/${run.id}`,
    };
  }
  if (event.type === 'status') {
    if (event.status.connection.state !== 'unauthorized') return null;
    const isSignIn = needsSignIn(event.status);
    const wasSo = before?.connection.state === 'unauthorized' && needsSignIn(before) === isSignIn;
    if (wasSo) return null;
    return {
      kind: 'attention',
      ...(isSignIn
        ? { title: words.status.signInNeeded, body: words.notify.signInNeededText, hash: '#/set-up' }
        : { title: words.notify.unauthorized, body: words.notify.unauthorizedText, hash: '#/health' }),
    };
  }
  return null;
}

/** @param before the last state that was more than a start: a keychain that still gives nothing is told of once */
export function noticeOfHost(state: HostState, before: HostState, words: Words): Notice | null {
  if (state.name !== 'waiting') return null;
  if (state.why === 'keychain') {
    if (before.name === 'waiting' && before.why === 'keychain') return null;
    return {
      kind: 'attention',
      title: words.status.keychain,
      body: words.link.keychainText,
      hash: '#/now',
    };
  }
  return {
    kind: 'attention',
    title: words.notify.crashed,
    body: state.message || words.notify.crashedText,
    hash: '#/health',
  };
}
