import { describe, expect, test } from 'vitest';
import { hostScreen, screenAuthority } from '../../../../src/agent/sandbox/linux/screen.ts';

test('an authority file fits every display and holds 128 bits', () => {
  const cookie = Buffer.alloc(16, 0xab);
  expect(screenAuthority(cookie).toString('latin1')).toBe(
    `\xff\xff\0\0\0\0\0\x12MIT-MAGIC-COOKIE-1\0\x10${'\xab'.repeat(16)}`,
  );
  expect(screenAuthority()).not.toEqual(screenAuthority());
});

describe('of this host’s screen a robot gets', () => {
  test('the one X socket and its authority, wherever the robot’s home is', () => {
    expect(hostScreen({ DISPLAY: ':1.0' }, '/home/ada')).toEqual({
      paths: ['/tmp/.X11-unix/X1', '/home/ada/.Xauthority'],
      variables: { XAUTHORITY: '/home/ada/.Xauthority' },
    });
  });

  test('the one Wayland socket', () => {
    const variables = { WAYLAND_DISPLAY: 'wayland-0', XDG_RUNTIME_DIR: '/run/user/1000' };
    expect(hostScreen(variables, '/home/ada').paths).toEqual(['/run/user/1000/wayland-0']);
  });

  test('nothing of a display on another machine, nor without one', () => {
    expect(hostScreen({ DISPLAY: 'server:0' }, '/home/ada').paths).toEqual([]);
    expect(hostScreen({}, '/home/ada').paths).toEqual([]);
  });
});
