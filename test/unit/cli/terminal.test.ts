import { describe, expect, test } from 'vitest';
import { Terminal } from '../../../src/cli/terminal.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import { screen } from './screen.ts';

function open(isJson = false, stdout = screen()) {
  const stderr = screen();
  const terminal = new Terminal({ stdout, stderr, isJson });
  return { terminal, said: () => ({ stdout: stdout.text(), stderr: stderr.text() }) };
}

function sayAll(terminal: Terminal): void {
  terminal.json({ a: 1 });
  terminal.line('line');
  terminal.lines(['one', 'two']);
  terminal.note('note');
  terminal.progress('progress');
  terminal.transient('transient');
}

describe('a terminal', () => {
  test('for people shows sentences on stdout, notes on stderr and no JSON', () => {
    const { terminal, said } = open();
    sayAll(terminal);
    expect(said()).toEqual({ stdout: 'line\none\ntwo\nprogress\n', stderr: 'note\n' });
  });

  test('under --json has JSON and nothing else on stdout', () => {
    const { terminal, said } = open(true);
    sayAll(terminal);
    expect(said()).toEqual({ stdout: '{"a":1}\n', stderr: 'note\nprogress\n' });
  });

  test('shows a line that moves on only where a screen can, and takes it away for the next', () => {
    const { terminal, said } = open(false, Object.assign(screen(), { isTTY: true, columns: 10 }));
    terminal.transient('12345678901234');
    terminal.transient('next');
    terminal.line('done');
    terminal.line('more');
    expect(said().stdout).toBe('123456789\r\u001b[Knext\r\u001b[Kdone\nmore\n');
  });

  test('takes a reader that left for no failure, and knows it', async () => {
    const stdout = screen();
    const { terminal } = open(false, stdout);
    expect(terminal.isDeaf).toBe(false);
    stdout.destroy(Object.assign(new Error('gone'), { code: 'EPIPE' }));
    await new Promise((resolve) => stdout.once('close', resolve));
    expect(terminal.isDeaf).toBe(true);
    terminal.line('nobody hears');
  });
});

describe('the end of a command that failed', () => {
  const error = new AgentError('RUN_NOT_FOUND', 'No run\u001b[2J here.', { hint: 'See kubot runs.' });

  test('is two sentences for people, safe to print', () => {
    const { terminal, said } = open();
    terminal.failure(error);
    expect(said()).toEqual({ stdout: '', stderr: 'kubot: No run\\x1b[2J here.\n       See kubot runs.\n' });
  });

  test('is a document under --json', () => {
    const { terminal, said } = open(true);
    terminal.failure(error);
    expect(said().stderr).toBe('');
    expect(JSON.parse(said().stdout)).toEqual({
      error: {
        code: 'RUN_NOT_FOUND',
        message: 'No run\u001b[2J here.',
        hint: 'See kubot runs.',
        retryable: false,
        details: null,
      },
    });
  });
});
