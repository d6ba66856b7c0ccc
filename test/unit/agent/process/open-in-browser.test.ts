import { expect, test } from 'vitest';
import { browserCommand } from '../../../../src/agent/process/open-in-browser.ts';

const URL = 'https://auth.example/auth?a=1&b=2';

test.each<[string, NodeJS.Platform, Record<string, string>, unknown]>([
  [
    'Windows, past the shell, which would cut the address',
    'win32',
    {},
    { file: 'rundll32', args: ['url.dll,FileProtocolHandler', URL] },
  ],
  ['macOS', 'darwin', {}, { file: 'open', args: [URL] }],
  ['Linux under X', 'linux', { DISPLAY: ':0' }, { file: 'xdg-open', args: [URL] }],
  ['Linux under Wayland', 'linux', { WAYLAND_DISPLAY: 'wayland-0' }, { file: 'xdg-open', args: [URL] }],
  ['Linux without a screen: not at all', 'linux', { DISPLAY: '' }, null],
])('shows an address on %s', (_system, platform, environment, expected) => {
  expect(browserCommand(platform, URL, environment)).toEqual(expected);
});
