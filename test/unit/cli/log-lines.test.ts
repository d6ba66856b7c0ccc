import { expect, test } from 'vitest';
import { logLineText } from '../../../src/cli/log-lines.ts';
import { Terminal } from '../../../src/cli/terminal.ts';
import { localTime } from '../../../src/cli/text.ts';
import type { LogLine } from '../../../src/shared/run.ts';
import { screen } from './screen.ts';

const TIME = '2026-01-02T03:04:05.000Z';
const terminal = new Terminal({ stdout: screen(), stderr: screen(), isJson: false });

test.each<[string, Partial<LogLine>, string]>([
  ['plain', { text: 'plain' }, 'plain'],
  ['of the agent', { stream: 'agent', text: 'Run 1' }, 'Run 1'],
  ['of stderr', { stream: 'stderr', level: 'WARN', text: 'careful' }, 'WARN careful'],
  ['that names its level', { level: 'WARN', text: 'WARNING: careful' }, 'WARNING: careful'],
  ['of an error', { level: 'ERROR', text: 'no such row' }, 'ERROR no such row'],
  ['of an error that names itself', { level: 'ERROR', text: 'ValueError: no' }, 'ERROR ValueError: no'],
  [
    'of a traceback',
    { level: 'ERROR', text: 'Traceback (most recent call last):' },
    'Traceback (most recent call last):',
  ],
  [
    'that names its level far behind',
    { level: 'ERROR', text: `${'x'.repeat(90)} error` },
    `ERROR ${'x'.repeat(90)} error`,
  ],
  ['that a terminal would obey', { text: 'a\u001b[2Jb\rc' }, 'a\\x1b[2Jb\\x0dc'],
  ['empty', { text: '' }, ''],
])('a line %s is shown behind its time', (_name, line, text) => {
  const whole: LogLine = { seq: 1, time: TIME, stream: 'stdout', level: 'INFO', text: '', ...line };
  expect(logLineText(whole, terminal)).toBe(`${localTime(TIME)}  ${text}`);
});
