import { describe, expect, test } from 'vitest';
import type { AgentEvent } from '../../../src/agent/agent.ts';
import { followDemo } from '../../../src/cli/demo/follow-demo.ts';
import { Terminal } from '../../../src/cli/terminal.ts';
import type { LogLine, Run } from '../../../src/shared/run.ts';
import { aRun } from '../../helpers/a-run.ts';
import { screen } from './screen.ts';

const run = aRun({ id: '01890000-0000-7000-8000-0000abcdef12', state: 'running' });
const ended: Run = { ...run, state: 'ended', outcome: 'succeeded', durationMs: 1500 };

function line(seq: number, text: string): LogLine {
  return { seq, time: '2026-01-02T03:04:05.000Z', stream: 'stdout', level: 'INFO', text };
}

/** Follows an agent whose log a test writes. */
function follow(logs: (signal: AbortSignal | undefined) => AsyncIterable<LogLine>) {
  const listeners = new Set<(event: AgentEvent) => void>();
  const stdout = screen();
  const stderr = screen();
  const asked: unknown[] = [];
  const stop = followDemo(
    {
      on: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      handlers: {
        logs: (input, signal) => {
          asked.push(input);
          return logs(signal);
        },
      },
    },
    new Terminal({ stdout, stderr, isJson: false }),
  );
  return {
    tell: (event: AgentEvent) => {
      for (const listener of listeners) listener(event);
    },
    stop,
    asked,
    listeners,
    said: () => stdout.text().split('\n').slice(0, -1),
    noted: () => stderr.text(),
  };
}

describe('who follows a demo', () => {
  test('sees the agent register, the robots’ lines, and how each ended below its last line', async () => {
    const written = Promise.withResolvers<void>();
    const demo = follow(async function* () {
      yield line(1, 'one');
      await written.promise;
      yield line(2, 'two\u0007');
    });
    demo.tell({ event: 'registered', worker: 'pc#1' });
    demo.tell({ event: 'run-started', run });
    demo.tell({ event: 'run-ended', run: ended });
    written.resolve();
    await demo.stop();
    expect(demo.said()).toEqual([
      'Agent     registered as pc#1',
      expect.stringMatching(/^INVOICES {8}[\d: -]+ {2}one$/),
      expect.stringMatching(/^INVOICES {8}[\d: -]+ {2}two\\x07$/),
      'INVOICES “Check” succeeded after 1.5 s (run abcdef12).',
    ]);
    expect(demo.asked).toEqual([{ id: run.id, follow: true }]);
    expect(demo.listeners.size).toBe(0);
  });

  test('sees the end of a run that never began', async () => {
    const demo = follow(async function* () {});
    const error = { code: 'MANIFEST_INVALID', message: 'Line 3.', hint: null, details: null };
    demo.tell({ event: 'run-ended', run: { ...ended, outcome: 'prepare-failed', error, durationMs: null } });
    await demo.stop();
    expect(demo.said()).toEqual(['INVOICES “Check” prepare-failed (run abcdef12). Line 3.']);
  });

  test('hears of a log that cannot be followed, and of the end all the same', async () => {
    const demo = follow(async function* () {
      yield line(1, 'one');
      throw new Error('no disk');
    });
    demo.tell({ event: 'run-started', run });
    demo.tell({ event: 'run-ended', run: ended });
    await demo.stop();
    expect(demo.noted()).toBe('The log cannot be followed: Error: no disk\n');
    expect(demo.said().at(-1)).toContain('succeeded');
  });

  test('leaves the logs that go on when it stops', async () => {
    let left = false;
    const demo = follow(async function* (signal) {
      yield line(1, 'one');
      await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve()));
      left = true;
    });
    demo.tell({ event: 'run-started', run });
    await demo.stop();
    await new Promise((resolve) => setImmediate(resolve));
    expect(left).toBe(true);
    expect(demo.noted()).toBe('');
  });
});
