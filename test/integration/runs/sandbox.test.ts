import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findUserHome } from '../../../src/agent/home/user-home.ts';
import { detectContainment } from '../../../src/agent/process/containment.ts';
import { type Lab, NODE_HERE, nodeRobot, startLab } from '../../helpers/lab.ts';

const hasBwrap = (await detectContainment()).kind === 'pid-namespace';

/** Reads its own task by the API, and a host that nobody allowed. */
const STRICT_ROBOT = `
const { KUFLOW_API_ENDPOINT: endpoint, KUFLOW_API_TOKEN: token, KUFLOW_TASK_ID: task } = process.env;
const answer = await fetch(endpoint + '/process-items/' + task, { headers: { authorization: 'Bearer ' + token } });
console.log('the platform answered', answer.status);
await fetch('http://not-allowed.test:8080/').catch(() => console.log('no way to others'));
await fetch('https://127.0.0.1:1/').catch(() => console.log('nobody else is on this loopback'));
`;

const CURIOUS_ROBOT = `
import { readFileSync } from 'node:fs';
try { readFileSync(${JSON.stringify(join(findUserHome(), 'Invoices/in.csv'))}); } catch (error) { console.log(error.message); }
`;

/** Works on a folder of the person's. */
const GRANTED_ROBOT = `
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
const folder = process.env.INVOICES;
writeFileSync(join(folder, 'total.txt'), readFileSync(join(folder, 'in.csv'), 'utf8').toUpperCase());
`;

/** Its steps look for the agent's keys, and put something else in the place of what the agent reads. */
const HOSTILE_MANIFEST = `
operations:
  - name: Run
    shell: node robot.mjs
tools:
  nodejs: ${NODE_HERE}
post-install:
  - name: Steal
    shell: '{ cat ../../../gateway/*.pem; ls ../../..; } > seen.txt 2>&1 || true'
  - name: Replace
    shell: '{ echo evil > ../evil; mv ../package ../gone; ln -s /etc ../package; touch ../environment.json; } >> seen.txt 2>&1 || true'
`;

describe.runIf(hasBwrap)('a robot in its sandbox', () => {
  let lab: Lab;
  let invoices: string;

  beforeAll(async () => {
    invoices = mkdtempSync(join(findUserHome(), '.kubot-invoices-'));
    writeFileSync(join(invoices, 'in.csv'), 'paid');
    lab = await startLab({
      robots: {
        GRANTED: nodeRobot(GRANTED_ROBOT, { environmentVariables: { INVOICES: invoices } }),
        CURIOUS: nodeRobot(CURIOUS_ROBOT),
        STRICT: nodeRobot(STRICT_ROBOT),
        HOSTILE: nodeRobot(
          "import { readFileSync } from 'node:fs'; console.log(readFileSync('seen.txt', 'utf8'));",
          { manifest: HOSTILE_MANIFEST },
        ),
      },
      settings: {
        robots: {
          STRICT: { sandbox: 'strict' },
          GRANTED: { files: { write: [`~/${basename(invoices)}`] } },
        },
      },
    });
    await lab.work();
  });
  afterAll(async () => {
    await lab?.close();
    rmSync(invoices, { recursive: true, force: true });
  });

  test('works on a folder of the person’s that it was granted', async () => {
    expect((await lab.run('GRANTED')).outcome).toBe('succeeded');
    expect(readFileSync(join(invoices, 'total.txt'), 'utf8')).toBe('PAID');
  });

  test('says its level in the record and in the first line of its log', async () => {
    const run = await lab.run('CURIOUS');
    expect(run.sandbox).toEqual({ requested: 'standard', achieved: 'standard', missing: [], reason: null });
    expect((await lab.logText(run)).split('\n')[0]).toContain('; sandbox standard');
  });

  test('is told which grant it lacks', async () => {
    const log = await lab.logText(await lab.run('CURIOUS'));
    expect(log).toContain('WARN The sandbox keeps ~/Invoices from this robot.');
    expect(log).toContain('add "~/Invoices" to robots.CURIOUS.files.read');
  });

  test('reaches the platform from a network of its own, and nothing that is not allowed', async () => {
    const run = await lab.run('STRICT');
    const log = await lab.logText(run);
    expect(log.split('\n').slice(1, -1)).toEqual([
      'INFO the platform answered 200',
      'WARN The sandbox refused a connection to not-allowed.test:8080. To allow it, add "not-allowed.test:8080" to robots.STRICT.allowedHosts.',
      'INFO no way to others',
      'INFO nobody else is on this loopback',
    ]);
    expect([run.outcome, run.sandbox.achieved]).toEqual(['succeeded', 'strict']);
  });

  test('had its post-install in there too', async () => {
    const run = await lab.run('HOSTILE');
    const seen = await lab.logText(run);
    expect(run.outcome).toBe('succeeded');
    expect(seen).not.toContain('PRIVATE KEY');
    expect(seen).not.toContain('journal.db');
    const environments = readdirSync(join(lab.home, 'environments'));
    const inside = environments.flatMap((key) => readdirSync(join(lab.home, 'environments', key)));
    expect(inside.filter((name) => name === 'evil' || name === 'gone')).toEqual([]);
  });

  test('is what the host promises', async () => {
    expect((await lab.agent.handlers.status()).sandbox).toEqual({
      requested: 'standard',
      achieved: 'standard',
      missing: [],
      reason: null,
    });
  });
});

describe.runIf(process.platform === 'linux')('on a host without bubblewrap', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab({
      robots: { LOWERED: nodeRobot("console.log('ran')"), HELD: nodeRobot("console.log('ran')") },
      settings: { robots: { HELD: { sandboxRequired: true } } },
      overrides: { bwrapPaths: [] },
    });
    await lab.work();
  });
  afterAll(() => lab.close());

  test('a robot runs at a lower level for all to see, with the reason', async () => {
    const run = await lab.run('LOWERED');
    expect(run).toMatchObject({
      outcome: 'succeeded',
      sandbox: {
        requested: 'standard',
        achieved: 'off',
        missing: ['files', 'syscalls', 'processes'],
        reason: expect.stringContaining('Install the package bubblewrap'),
      },
    });
    const lines = (await lab.logText(run)).split('\n');
    expect(lines[0]).toContain(
      '; sandbox off (asked for standard; not kept apart: files, syscalls, processes)',
    );
    expect(lines[1]).toMatch(/^WARN The robot is not sandboxed as asked for: bubblewrap is not installed/);
  });

  test('one that requires its level is not taken', async () => {
    expect((await lab.task('HELD')).state).toBe('READY');
    const robots = await lab.agent.handlers.robots();
    expect(robots.find(({ code }) => code === 'HELD')).toMatchObject({
      state: 'unsupported',
      reason: expect.stringContaining('The sandbox level standard is not available on this host'),
    });
  });
});
