import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadConfig } from '../../../src/agent/config/compile-config.ts';
import { detectContainment } from '../../../src/agent/process/containment.ts';
import { openSandbox } from '../../../src/agent/sandbox/open-sandbox.ts';
import { type Lab, NODE_HERE, nodeRobot, startLab } from '../../helpers/lab.ts';

const found = await detectContainment();
const bwrapPath = found.kind === 'pid-namespace' ? found.bwrapPath : '';

describe.runIf(bwrapPath !== '')('a bubblewrap that may make no namespaces at first', () => {
  let dir: string;
  let lab: Lab;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'kubot-bwrap-'));
    const script = `#!/bin/sh
      [ -e "${dir}/allowed" ] && exec ${bwrapPath} "$@"
      echo "bwrap: setting up uid map: Permission denied" >&2; exit 1\n`;
    writeFileSync(join(dir, 'bwrap'), script, { mode: 0o755 });
    const robot = nodeRobot("console.log('ran')");
    lab = await startLab({
      robots: {
        LOWERED: robot,
        STRICT: robot,
        PREPARING: nodeRobot("console.log('ran')", {
          manifest: `operations:
  - name: Run
    shell: node robot.mjs
tools:
  nodejs: ${NODE_HERE}
post-install:
  - name: Wait
    shell: touch "${dir}/waits"; until [ -e "${dir}/go" ]; do sleep 0.1; done
`,
        }),
      },
      tasks: [{ code: 'LOWERED' }, { code: 'STRICT' }, { code: 'PREPARING', later: true }],
      settings: { robots: { STRICT: { sandbox: 'strict' } } },
      overrides: { bwrapPaths: [join(dir, 'bwrap')] },
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab?.close();
    rmSync(dir, { recursive: true, force: true });
  });

  test('holds again once it may and a person asks, for status and for what was refused', async () => {
    const refused = await lab.task('STRICT');
    const before = await lab.agent.handlers.status();
    expect([before.sandbox.achieved, (await lab.run('LOWERED')).sandbox.achieved, refused.state]).toEqual([
      ...['off', 'off', 'READY'],
    ]);
    expect(before.sandbox.reason).toContain('setting up uid map: Permission denied');
    const stateOf = async (code: string) =>
      (await lab.agent.handlers.robots()).find((robot) => robot.code === code)?.state;
    expect(await stateOf('STRICT')).toBe('unsupported');

    const preparing = await lab.addTask('PREPARING');
    await expect.poll(() => existsSync(join(dir, 'waits')), { timeout: 60_000 }).toBe(true);

    writeFileSync(join(dir, 'allowed'), '');
    expect((await lab.agent.handlers.reconnect()).sandbox).toEqual({
      ...{ requested: 'standard', achieved: 'standard', missing: [], reason: null },
    });
    const run = await lab.until(refused.id, 'ended');
    expect([run.outcome, run.sandbox.achieved, await stateOf('STRICT')]).toEqual([
      ...['succeeded', 'strict', 'ready'],
    ]);
    // Queued when there was nothing better than off.
    writeFileSync(join(dir, 'go'), '');
    const late = await lab.until(preparing, 'ended');
    expect([late.outcome, late.sandbox]).toEqual([
      'succeeded',
      { requested: 'standard', achieved: 'standard', missing: [], reason: null },
    ]);
    expect(await lab.logText(late)).toContain('INFO The sandbox is standard by now.');
  });
});

describe.runIf(bwrapPath !== '')('a bubblewrap that is installed while the agent runs', () => {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-bwrap-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  test('is found without being asked for', async () => {
    let changed = () => {};
    const change = new Promise<void>((resolve) => {
      changed = resolve;
    });
    const opened = await openSandbox({
      config: loadConfig({ flags: {}, environment: {}, home: dir, cwd: dir }),
      environment: {},
      containment: { kind: 'group' },
      upstreamProxy: null,
      bwrapPaths: [join(dir, 'bwrap')],
      onChange: () => changed(),
      retryEveryMs: 20,
    });
    try {
      expect(opened.status()).toMatchObject({
        achieved: 'off',
        reason: expect.stringMatching(/^bubblewrap is not installed\. .* looks again every minute\.$/),
      });
      symlinkSync(bwrapPath, join(dir, 'bwrap'));
      await change;
      expect(opened.status()).toEqual({
        ...{ requested: 'standard', achieved: 'standard', missing: [], reason: null },
      });
    } finally {
      await opened.sandbox.stop(0);
    }
  });
});
