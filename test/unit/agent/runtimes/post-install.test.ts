import { rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type PostInstallOptions, runPostInstall } from '../../../../src/agent/runtimes/post-install.ts';
import { makeTestDir, runCommand } from './make-tree.ts';

// Processes are slow on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

let dir: string;
let logged: string[];
beforeEach(() => {
  dir = makeTestDir();
  logged = [];
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function step(shell: string, more: Partial<PostInstallOptions> = {}): Promise<void> {
  await runPostInstall({
    step: { name: 'Install dependencies', shell },
    cwd: dir,
    variables: { PATH: '/usr/bin:/bin', INDEX: 'a b' },
    runCommand,
    timeoutMs: 60_000,
    platform: process.platform,
    signal: new AbortController().signal,
    log: (line) => logged.push(line),
    ...more,
  });
}

describe('a post-install step', () => {
  test('runs in the package with the variables it was given and no others', async () => {
    await step(
      'pwd; env | grep -v -e "^PWD=" -e "^SHLVL=" -e "^_=" -e "^KUBOT_STEP_ID=" -e "^OLDPWD=" | sort',
    );
    expect(logged).toEqual([dir, 'INDEX=a b', 'PATH=/usr/bin:/bin']);
  });

  test('takes a variable as one word and says which is not set', async () => {
    await step(`printf '<%s>' \${INDEX} \${NOWHERE}`);
    expect(logged).toEqual([`\${NOWHERE} is not set; it is empty in the command.`, '<a b>']);
  });

  test('logs whole lines and characters of each stream, however they arrive', async () => {
    await step(
      "printf 'caf\\303'; printf 'warn' >&2; printf '\\251\\n\\n  50 %%\\r 100 %%\\n'; printf 'ing' >&2",
    );
    expect(logged.toSorted()).toEqual(['', ' 100 %', 'café', 'warning']);
  });

  test('shows no secret, neither in what it logs nor in its failure', async () => {
    const failure = await step(
      'echo "index https://robot:hunter2-secret@index/"; echo ::add-mask::tok-4711; printf hunter2-; printf "secret tok-4711\\n"; exit 1',
      { secrets: ['hunter2-secret'] },
    ).catch((error: unknown) => error);
    expect(logged).toEqual(['index https://robot:***@index/', '*** ***']);
    expect(failure).toMatchObject({
      message:
        'The post-install step "Install dependencies" ended with exit code 1. Its last lines: index https://robot:***@index/ | *** ***',
      details: { lastLines: logged },
    });
  });

  test('fails with its name, exit code and last lines', async () => {
    const lines = Array.from({ length: 30 }, (_, n) => `line ${n}`);
    await expect(
      step(`for n in ${lines.map((_, n) => n).join(' ')}; do echo line $n; echo; done; exit 3`),
    ).rejects.toMatchObject({
      code: 'POST_INSTALL_FAILED',
      blame: 'package',
      message:
        'The post-install step "Install dependencies" ended with exit code 3. Its last lines: line 27 | line 28 | line 29',
      details: { step: 'Install dependencies', exitCode: 3, signal: null, lastLines: lines.slice(-20) },
    });
    expect(logged).toHaveLength(60);
  });

  test('fails when it is killed', async () => {
    await expect(step('kill -KILL $$')).rejects.toMatchObject({
      code: 'POST_INSTALL_FAILED',
      message: 'The post-install step "Install dependencies" ended with signal SIGKILL.',
    });
  });

  test('fails when its time is up, also where it will not listen', async () => {
    const stubborn = `trap '' TERM; (trap '' TERM; while :; do sleep 0.1; done) & echo waiting; wait`;
    await expect(step(stubborn, { timeoutMs: 700 })).rejects.toMatchObject({
      code: 'POST_INSTALL_FAILED',
      message: 'The post-install step "Install dependencies" took longer than 0.7 s. Its last lines: waiting',
    });
  });

  test('is ended, and is nobody’s failure, when the agent closes', async () => {
    const closing = new AbortController();
    const log = () => closing.abort();
    await expect(step('echo begun; sleep 600', { signal: closing.signal, log })).rejects.toMatchObject({
      code: 'INTERRUPTED',
    });
    await expect(step('true', { signal: closing.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
