import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runNodeScript } from '../../../../src/agent/process/run-node-script.ts';

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-script-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function script(name: string, source: string): Promise<string> {
  const path = join(dir, name);
  await writeFile(path, source);
  return path;
}

describe('runNodeScript', () => {
  it('gives a script its arguments and input and returns what it prints', async () => {
    const path = await script(
      'echo é.mjs',
      'process.stdout.write(process.argv[2] + "|"); process.stdin.pipe(process.stdout);',
    );
    expect(await runNodeScript(path, ['one'], 'two')).toBe('one|two');
  });

  it('tells exit code and last words of a script that fails, but neither input nor output', async () => {
    const path = await script(
      'fail.mjs',
      'console.log("OUTPUT"); console.error("no such curve"); process.exit(3);',
    );
    await expect(runNodeScript(path, [], 'INPUT')).rejects.toMatchObject({
      code: 'UNEXPECTED',
      message: 'The script fail.mjs ended with exit code 3: no such curve',
    });
  });

  it('survives a script that never reads its input', async () => {
    const path = await script('deaf.mjs', 'process.stdin.destroy(); process.exit(0);');
    expect(await runNodeScript(path, [], 'x'.repeat(1_000_000))).toBe('');
  });
});
