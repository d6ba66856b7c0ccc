// Runs on macOS alone: what Seatbelt holds back (docs/security.md says whether a CI there has said so yet).
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseHostPattern } from '../../../src/agent/sandbox/host-pattern.ts';
import { createSandboxMacos } from '../../../src/agent/sandbox/macos/sandbox-macos.ts';
import type { SandboxPolicy } from '../../../src/agent/sandbox/policy.ts';
import type { Sandbox } from '../../../src/agent/sandbox/sandbox.ts';
import { aJob, aPolicy } from '../../helpers/a-sandbox-job.ts';

describe('on macOS', () => {
  let base: string;
  let work: string;
  let secret: string;
  let sandbox: Sandbox;

  beforeAll(() => {
    base = mkdtempSync(join(homedir(), 'kubot é -'));
    work = join(base, 'agent home', 'runs', '1');
    secret = join(base, 'secret');
    mkdirSync(work, { recursive: true });
    writeFileSync(secret, 'secret');
    sandbox = createSandboxMacos({
      containment: { kind: 'group' },
      host: {
        agentHome: join(base, 'agent home'),
        controlDir: null,
        userHomes: [homedir()],
        secretFiles: [],
      },
      upstreamProxy: null,
    });
  });
  afterAll(async () => {
    await sandbox.stop(0);
    rmSync(base, { recursive: true, force: true });
  });

  /** What a program says, stdout and stderr, with its exit code. */
  async function run(policy: SandboxPolicy, file: string, args: string[], read: string[] = []) {
    const job = aJob({ policy, places: { write: [work], read, tmpDir: work } });
    const command = { file, args, cwd: work, env: { PATH: '/usr/bin:/bin', HOME: work, TMPDIR: work } };
    const robot = await (await sandbox.prepare(command, job)).start();
    let said = '';
    for (const stream of [robot.stdout, robot.stderr]) {
      stream.on('data', (part) => {
        said += String(part);
      });
    }
    const { exitCode } = await robot.exited;
    return { exitCode, said };
  }
  const shell = (policy: SandboxPolicy, line: string) => run(policy, '/bin/sh', ['-c', line]);

  test.each(['standard', 'strict'] as const)('%s is to be had', async (level) => {
    expect(await sandbox.detect(aPolicy({ level }))).toMatchObject({ achieved: level, reason: null });
  });

  describe.each(['standard', 'strict'] as const)('in %s a robot', (level) => {
    const policy = (over: Partial<SandboxPolicy> = {}) =>
      aPolicy({ level, allowedHosts: level === 'strict' ? [] : null, ...over });

    test('writes to its folder, and reads nothing of the person’s', async () => {
      expect(await shell(policy(), 'echo done > mine; cat mine')).toEqual({ exitCode: 0, said: 'done\n' });
      const { said } = await shell(policy(), `cat '${secret}'; echo x > '${base}/planted'`);
      expect(said).toMatch(/Operation not permitted[\s\S]*Operation not permitted/);
      expect(() => readFileSync(join(base, 'planted'))).toThrow('ENOENT');
    });

    test('reads what it was granted', async () => {
      const granted = policy({ files: { read: [secret], write: [] } });
      expect(await shell(granted, `cat '${secret}'`)).toEqual({ exitCode: 0, said: 'secret' });
    });

    test('signals nobody else', async () => {
      const { said } = await shell(policy(), `kill -0 ${process.pid} && echo reached`);
      expect(said).not.toContain('reached');
    });

    test('starts nothing outside', async () => {
      expect((await shell(policy(), 'open -a Calculator')).exitCode).not.toBe(0);
      expect((await shell(policy(), 'launchctl submit -l kubot.test -- /bin/sleep 1')).exitCode).not.toBe(0);
    });

    test('may be a program of Node', async () => {
      const node = await run(
        policy(),
        process.execPath,
        ['-p', '6 * 7'],
        [dirname(dirname(process.execPath))],
      );
      expect(node).toEqual({ exitCode: 0, said: '42\n' });
    });
  });

  test('strict reaches what is on its list, by its proxy alone', async () => {
    const site = createServer((_request, answer) => answer.end('the site'));
    await new Promise<void>((resolve) => site.listen(0, '127.0.0.1', resolve));
    const host = `127.0.0.1:${(site.address() as AddressInfo).port}`;
    const policy = aPolicy({ level: 'strict', allowedHosts: [parseHostPattern(host)] });
    const curl = `/usr/bin/curl -sS -m 5`;
    expect((await shell(policy, `${curl} --noproxy '*' http://${host}/`)).said).not.toContain('the site');
    expect((await shell(policy, `${curl} --noproxy '' -x "$HTTP_PROXY" http://${host}/`)).said).toBe(
      'the site',
    );
    site.closeAllConnections();
    await new Promise((resolve) => site.close(resolve));
  });
});
