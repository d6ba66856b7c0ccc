import { powerMonitor } from 'electron';
import type { AgentClient } from '../shared/client/agent-client.ts';
import type { AgentStore } from '../shared/client/agent-store.ts';
import type { Words } from '../shared/words/en.ts';
import type { Format } from '../shared/words/format.ts';
import { CourtesyDesk } from './courtesy-desk.ts';
import { watchLock } from './courtesy-lock.ts';
import { noticeOfCountdown } from './courtesy-notice.ts';
import type { Notice } from './notices.ts';
import { Presence } from './presence.ts';
import { type Environment, readOutput } from './run-kubot.ts';

export interface OpenCourtesyOptions {
  readonly client: AgentClient;
  readonly agent: AgentStore;
  readonly environment: Environment;
  readonly speech: () => { words: Words; format: Format };
  /** Shows a notice; resolves to how to take it back. */
  readonly tell: (notice: Notice | null) => Promise<() => void>;
  /** Presenting began or ended. */
  readonly onChange: () => void;
}

/** What the shell does for the person at the host, wired to Electron. */
export function openCourtesy({ client, agent, environment, speech, tell, onChange }: OpenCourtesyOptions): {
  desk: CourtesyDesk;
  presence: Presence;
} {
  const presence = new Presence(client);
  const desk = new CourtesyDesk({
    agent,
    presence,
    tell: (next) => tell(noticeOfCountdown(next, { ...speech(), nowMs: Date.now() })),
    onWanted: watchLock({
      platform: process.platform,
      environment,
      powerMonitor,
      ask: readOutput,
      onChange: (locked) => presence.tell({ locked }),
    }),
    onChange,
    now: Date.now,
  });
  return { desk, presence };
}
