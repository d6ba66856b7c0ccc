import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Run } from '../../../src/shared/run.ts';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, type LabRobot, NODE_HERE, nodeRobot, robotIdOf, startLab } from '../../helpers/lab.ts';
import { zipOf } from '../../helpers/zip-of.ts';

/** What is the same on every host: each ends in its own code, told in the run, in the task and nowhere half. */
const FAILURES: {
  code: Run['robot']['code'];
  error: string;
  outcome: Run['outcome'];
  message: RegExp;
  hint: string;
  details: unknown;
}[] = [
  {
    code: 'CHANGED',
    error: 'PACKAGE_HASH_MISMATCH',
    outcome: 'prepare-failed',
    message: /^The package of CHANGED is not what the platform states: its sha256 is [0-9a-f]{64}, not /,
    hint: 'Upload the robot package again.',
    details: { algorithm: 'sha256' },
  },
  {
    code: 'SHORT',
    error: 'PACKAGE_TRUNCATED',
    outcome: 'prepare-failed',
    message: /package of SHORT/,
    hint: 'Upload the robot package again; it ends too early.',
    details: null,
  },
  {
    code: 'HOSTILE',
    error: 'PACKAGE_REFUSED',
    outcome: 'prepare-failed',
    message: /package of HOSTILE .*"\.\.\/evil\.txt"/,
    hint: 'Pack the robot again without the named entry.',
    details: { entry: '../evil.txt', rule: 'path-escape' },
  },
  {
    code: 'MANIFEST',
    error: 'MANIFEST_INVALID',
    outcome: 'prepare-failed',
    message: /^kubot\.yaml line 4: operations\[1\]\.shell is missing\.$/,
    hint: 'Mend kubot.yaml at the named line and upload the robot again.',
    details: { line: 4, field: 'operations[1].shell' },
  },
  {
    code: 'OPERATION',
    error: 'OPERATION_NOT_FOUND',
    outcome: 'refused',
    message: /^kubot\.yaml has no operation "Fly"; it has "Run"\.$/,
    hint: 'Name one of the operations that kubot.yaml lists.',
    details: { asked: 'Fly', operations: ['Run'] },
  },
  {
    code: 'RUNTIME',
    error: 'RUNTIME_UNAVAILABLE',
    outcome: 'prepare-failed',
    message: /^kubot\.yaml asks for Node\.js 99\.1\.2, and the platform has no Node\.js 99\.1\.2 for /,
    hint: 'Name a version under tools that the platform serves.',
    details: expect.objectContaining({ type: 'NODEJS', version: '99.1.2' }),
  },
  {
    code: 'INSTALL',
    error: 'POST_INSTALL_FAILED',
    outcome: 'prepare-failed',
    message: /^The post-install step "Fetch" ended with exit code 3\. Its last lines: no such index$/,
    hint: 'Run the post-install step by hand in the unpacked robot and mend it.',
    details: { step: 'Fetch', exitCode: 3, signal: null, lastLines: ['no such index'] },
  },
];

const GOOD = nodeRobot(`console.log('never')`);

async function robots(): Promise<Record<string, LabRobot>> {
  const whole = await zipOf(GOOD.files);
  const escaping = await zipOf({ ...GOOD.files, 'xx/evil.txt': 'out' });
  return {
    CHANGED: { files: { 'package.zip': whole } },
    SHORT: { files: { 'package.zip': whole.subarray(0, whole.length - 30) } },
    // Same length, so that nothing but the name is wrong.
    HOSTILE: { files: { 'package.zip': renamed(escaping, 'xx/evil.txt', '../evil.txt') } },
    MANIFEST: nodeRobot('', {
      manifest: 'operations:\n  - name: Run\n    shell: node robot.mjs\n  - name: Walk\n',
    }),
    OPERATION: GOOD,
    RUNTIME: nodeRobot('', {
      manifest: 'operations:\n  - name: Run\n    shell: node robot.mjs\ntools:\n  nodejs: 99.1.2\n',
    }),
    INSTALL: nodeRobot('', {
      manifest: `operations:\n  - name: Run\n    shell: node robot.mjs\ntools:\n  nodejs: ${NODE_HERE}\npost-install:\n  - name: Fetch\n    shell: 'mkdir node_modules; echo "no such index"; exit 3'\n`,
    }),
  };
}

describe('a failure of the package', () => {
  let lab: Lab;
  let proxy: FaultProxy;

  beforeAll(async () => {
    const packages = await robots();
    lab = await startLab({
      robots: packages,
      tasks: Object.keys(packages).map((code) => ({
        code,
        ...(code === 'OPERATION' && { operation: 'Fly' }),
      })),
      // Runtimes are not made here: what is not local is not to be had.
      assets: { find: async () => null },
      endpointOf: async (platform) => {
        proxy = await startFaultProxy({ target: platform.url });
        const changed = Buffer.from(packages.CHANGED?.files['package.zip'] ?? '');
        changed.writeUInt8(changed.readUInt8(40) ^ 1, 40);
        const changedId = robotIdOf(platform, 'CHANGED');
        proxy.add({
          match: (_method, path) => path.includes(`${changedId}/~actions/download-source-code`),
          times: Number.POSITIVE_INFINITY,
          kind: 'answer',
          status: 200,
          headers: { 'content-type': 'application/octet-stream' },
          body: changed,
        });
        return proxy.url;
      },
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab.close();
    await proxy.close();
  });

  test.each(FAILURES)('$error ends its run and tells the task', async (expected) => {
    const { code, error, outcome, message, hint, details } = expected;
    const run = await lab.run(code);
    expect(run).toMatchObject({
      state: 'ended',
      outcome,
      error: { code: error, message: expect.stringMatching(message), hint, details },
      exitCode: null,
      startedAt: null,
      settled: { action: 'kept' },
    });
    const task = await lab.task(code);
    expect(task).toMatchObject({ state: 'CLAIMED', ownerId: lab.platform.principalId });
    expect(task.entries.at(-1)).toEqual({ level: 'ERROR', message: expect.stringContaining(error) });
    const told = task.entries.map((entry) => entry.message).join('\n');
    expect(told).toContain(run.error?.message);
    expect(told).toContain(hint);
    expect(lab.mutations(task.id).filter((operation) => !/append/i.test(operation))).toEqual([
      'claimProcessItemTask',
    ]);
  });

  test('leaves nothing half-made behind', async () => {
    const under = (folder: string) => readdirSync(join(lab.home, folder)).filter((name) => name !== 'index');
    const whole = /^[0-9a-f]{64}$/;
    // RUNTIME never had an environment and INSTALL's was removed: the one there is, is OPERATION's.
    expect({
      packages: under('packages').filter((name) => !whole.test(name)),
      environments: under('environments').length,
      runtimes: under('runtimes'),
    }).toEqual({ packages: [], environments: 1, runtimes: [] });
    const folders = (await lab.runs()).map(({ id }) => join(lab.home, 'runs', id));
    expect(under('runs')).toHaveLength(folders.length);
    for (const folder of folders) {
      expect(readdirSync(folder).sort()).toEqual(['home', 'out', 'run.log', 'work']);
      expect(readdirSync(join(folder, 'work'))).toEqual([]);
    }
  });
});

/** The archive with a name in it changed, in its entry's header and in the directory. */
function renamed(archive: Buffer, from: string, to: string): Buffer {
  return Buffer.from(archive.toString('latin1').replaceAll(from, to), 'latin1');
}
