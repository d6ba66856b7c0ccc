import { describe, expect, test } from 'vitest';
import { createGrantHints } from '../../../../src/agent/runs/grant-hints.ts';
import { aPolicy } from '../../../helpers/a-sandbox-job.ts';

function hintsFor(output: string, files: { read?: string[]; write?: string[] } = {}): string[] {
  const said: string[] = [];
  const policy = aPolicy({ files: { read: [], write: [], ...files } });
  const look = createGrantHints({
    robotCode: 'INVOICES',
    policy,
    userHome: '/home/ada',
    agentHome: '/home/ada/.local/share/kubot-runner',
    say: (text) => said.push(text),
  });
  look(Buffer.from(output));
  return said;
}

describe('a file of the person’s that a robot did not get', () => {
  test.each([
    [
      'Python',
      "FileNotFoundError: [Errno 2] No such file or directory: '/home/ada/My Documents/in.csv'\n",
      'The sandbox keeps ~/My Documents from this robot. If it is meant to read it, add "~/My Documents" to robots.INVOICES.files.read.',
    ],
    [
      'Node.js',
      "Error: EROFS: read-only file system, open '/home/ada/Documents/out.csv'\n",
      'The sandbox keeps ~/Documents from this robot. If it is meant to write there, add "~/Documents" to robots.INVOICES.files.write.',
    ],
    [
      'a shell',
      'cat: /home/ada/Documents: No such file or directory\n',
      'The sandbox keeps ~/Documents from this robot. If it is meant to read it, add "~/Documents" to robots.INVOICES.files.read.',
    ],
  ])('is named with its grant when %s complains', (_program, output, hint) => {
    expect(hintsFor(output)).toEqual([hint]);
  });

  test('is told apart from the robot’s own folders, which lie below the person’s home too', () => {
    const own = '/home/ada/.local/share/kubot-runner/runs/1/work/gone.csv';
    expect(hintsFor(`cat: ${own}: No such file or directory\n`)).toEqual([]);
    expect(hintsFor(`cp: ${own} to /home/ada/Reports/x: Read-only file system\n`)).toEqual([
      'The sandbox keeps ~/Reports from this robot. If it is meant to write there, add "~/Reports" to robots.INVOICES.files.write.',
    ]);
  });

  test('asks for writing where reading is granted already', () => {
    const line = "PermissionError: [Errno 13] Permission denied: '/home/ada/Documents/x'\n";
    expect(hintsFor(line, { read: ['/home/ada/Documents'] })).toEqual([
      'The sandbox keeps ~/Documents from this robot. If it is meant to write there, add "~/Documents" to robots.INVOICES.files.write.',
    ]);
  });

  test('is named once, and only some are', () => {
    const lines = (count: number) =>
      Array.from({ length: count }, (_, n) => `cat: /home/ada/f${n % 20}: No such file or directory\n`).join(
        '',
      );
    expect(hintsFor(lines(1) + lines(1))).toHaveLength(1);
    expect(hintsFor(lines(40))).toHaveLength(5);
  });
});

test.each([
  ['other files', 'cat: /srv/x: No such file or directory\n'],
  ['files that were found', 'read /home/ada/Documents/x\n'],
  ['what was granted', "Permission denied: '/home/ada/Documents/x'\n"],
])('nothing is said of %s', (_what, output) => {
  expect(hintsFor(output, { read: ['/home/ada/Documents'], write: ['/home/ada/Documents'] })).toEqual([]);
});
