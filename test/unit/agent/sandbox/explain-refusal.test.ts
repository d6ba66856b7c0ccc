import { describe, expect, test } from 'vitest';
import { explainRefusal } from '../../../../src/agent/sandbox/linux/explain-refusal.ts';

const UID_MAP = 'bwrap: setting up uid map: Permission denied\n';

function explain(said: string, files: Record<string, string> = {}, isContainer = false): string {
  return explainRefusal(said, { read: (path) => files[path] ?? '', isContainer });
}

describe('why bubblewrap did not work, and what to do', () => {
  test.each([
    [
      'AppArmor',
      { '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1\n' },
      /^AppArmor forbids user namespaces to bubblewrap\. It said: setting up uid map: Permission denied\. Install a profile/,
    ],
    ['a limit of 0', { '/proc/sys/user/max_user_namespaces': '0\n' }, /Set user\.max_user_namespaces/],
    [
      'a Debian switch',
      { '/proc/sys/kernel/unprivileged_userns_clone': '0\n' },
      /unprivileged_userns_clone=1/,
    ],
    ['something else', {}, /^bubblewrap may not make namespaces\. .* Ask who governs this machine/],
  ])('names %s', (_what, files, message) => {
    expect(explain(UID_MAP, files)).toMatch(message);
  });

  test('names a container', () => {
    expect(explain("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", {}, true)).toMatch(
      /^The container that the agent runs in forbids namespaces\./,
    );
  });

  test('repeats what is no question of leave', () => {
    expect(explain("bwrap: Can't find source path /x: No such file or directory\n")).toBe(
      "bubblewrap did not work. It said: Can't find source path /x: No such file or directory.",
    );
    expect(explain('')).toBe('bubblewrap did not work.');
  });
});
