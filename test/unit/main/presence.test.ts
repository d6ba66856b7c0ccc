import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Presence } from '../../../src/main/presence.ts';
import type { AgentClient } from '../../../src/shared/client/agent-client.ts';
import type { Screen } from '../../../src/shared/courtesy.ts';

describe('the presence of a person', () => {
  /** What was told and left, in order, as an agent sees it. */
  let seen: string[];
  let isAway: boolean;
  let end: () => void;
  let presence: Presence;

  const client = {
    stream: async function* (_method: string, screen: Screen, signal: AbortSignal) {
      if (isAway) throw new Error('nobody answers');
      const name = `${screen.locked ? 'locked' : 'unlocked'}${screen.presenting ? ', presenting' : ''}`;
      seen.push(name);
      yield [{ since: '' }];
      await new Promise<void>((resolve) => {
        end = resolve;
        signal.addEventListener('abort', () => resolve());
      });
      seen.push(`${name}: left`);
    },
  } as unknown as Pick<AgentClient, 'stream'>;
  const settle = () => vi.advanceTimersByTimeAsync(0);
  beforeEach(() => {
    vi.useFakeTimers();
    seen = [];
    isAway = false;
    presence = new Presence(client);
  });
  afterEach(() => vi.useRealTimers());

  test('is told, and with it each screen that is another, before the last is left', async () => {
    presence.renew();
    await settle();
    presence.tell({ locked: true });
    await settle();
    presence.tell({ locked: true });
    presence.tell({ presenting: true });
    await settle();
    expect(seen).toEqual(['unlocked', 'locked', 'unlocked: left', 'locked, presenting', 'locked: left']);
  });

  test('is told again when the agent is back, later each time', async () => {
    isAway = true;
    presence.renew();
    await vi.advanceTimersByTimeAsync(1000);
    isAway = false;
    await vi.advanceTimersByTimeAsync(499);
    expect(seen).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(seen).toEqual(['unlocked']);
    end();
    await settle();
    await vi.advanceTimersByTimeAsync(500);
    expect(seen).toEqual(['unlocked', 'unlocked: left', 'unlocked']);
  });
});
