import { expect, test } from 'vitest';
import { autostartEntry, hiddenEntry, isEntryOn } from '../../../src/main/desktop-entry.ts';

test('an autostart entry starts the app by its command', () => {
  const command = ['/opt/KuBot Runner/kubot-runner', '--hidden'];
  expect(autostartEntry({ name: 'KuBot Runner', command })).toBe(
    `[Desktop Entry]
Type=Application
Version=1.5
Name=KuBot Runner
Exec="/opt/KuBot Runner/kubot-runner" --hidden
Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
`,
  );
});

test.each([
  ['/usr/bin/kubot', '/usr/bin/kubot'],
  ['', '""'],
  ['/home/ann/100%', '/home/ann/100%%'],
  ['/home/ann/a "b"', '"/home/ann/a \\\\"b\\\\""'],
  ['/home/ann/$x`y`', '"/home/ann/\\\\$x\\\\`y\\\\`"'],
  ['/home/ann/a\\b', '"/home/ann/a\\\\\\\\b"'],
  ['/home/año nuevo', '"/home/año nuevo"'],
])('the argument %j is written %s', (argument, written) => {
  expect(autostartEntry({ name: 'x', command: [argument] })).toContain(`\nExec=${written}\n`);
});

test('a command with a line break has no entry', () => {
  expect(() => autostartEntry({ name: 'x', command: ['/home/a\nExec=evil'] })).toThrow(RangeError);
});

test.each([
  [hiddenEntry('x'), false],
  [autostartEntry({ name: 'x', command: ['x'] }), true],
  ['[Desktop Entry]\nExec=x\nX-GNOME-Autostart-enabled=false\n', false],
  ['[Desktop Entry]\nExec=x\nName=Hidden=true or not\n', true],
])('the entry %j is on: %s', (text, expected) => {
  expect(isEntryOn(text)).toBe(expected);
});
