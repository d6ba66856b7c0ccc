import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PlatformOptions } from '../../../src/platform/start-platform.ts';
import { type Schemas, startTestPlatform, type TestPlatform } from '../../helpers/start-test-platform.ts';

type Item = Schemas['ProcessItem'];

const SEED = {
  tenant: { name: 'Acme' },
  robots: [
    { code: 'FOLDER', name: 'Folder', package: 'folder/', environmentVariables: { VAT_RATE: '21' } },
    { code: 'FILE', name: 'File', package: 'file.zip' },
  ],
  users: [{ name: 'Ana', email: 'ana@acme.example' }],
  processDefinitions: [{ code: 'BILLING', name: 'Billing', tasks: [{ code: 'CHECK', name: 'Check' }] }],
  processes: [
    {
      definition: 'BILLING',
      metadata: { month: 3 },
      documents: [{ name: 'march.csv', file: 'march.csv' }],
      tasks: [
        { definition: 'CHECK', data: { files: ['kuflow-document:march.csv', 'kuflow-document:none.csv'] } },
        { definition: 'CHECK', ownerEmail: 'ana@acme.example' },
      ],
    },
  ],
};

let seedDir: string;
let dataDir: string;

beforeEach(async () => {
  seedDir = await mkdtemp(join(tmpdir(), 'kubot-seed-'));
  dataDir = await mkdtemp(join(tmpdir(), 'kubot-platform-'));
  await mkdir(join(seedDir, 'folder', 'lib'), { recursive: true });
  await writeFile(join(seedDir, 'folder', 'kubot.yaml'), 'operations: []\n');
  await writeFile(join(seedDir, 'folder', 'lib', 'a.py'), 'print(1)\n');
  await writeFile(join(seedDir, 'file.zip'), 'no ZIP at all, and never opened');
  await writeFile(join(seedDir, 'march.csv'), 'id;total\n1;100\n');
  await writeSeed(SEED);
});
afterEach(async () => {
  await rm(seedDir, { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
});

const writeSeed = (seed: unknown) => writeFile(join(seedDir, 'seed.json'), JSON.stringify(seed));

/** A platform that reads seed.json, for as long as `use` takes. */
async function seeded<T>(
  use: (platform: TestPlatform) => Promise<T>,
  options: Partial<PlatformOptions> = {},
) {
  const platform = await startTestPlatform({ seedDir, ...options });
  try {
    return await use(platform);
  } finally {
    await platform.close();
  }
}

const robotsOf = async (platform: TestPlatform) => {
  const { json } = await platform.api<Schemas['RobotPage']>('GET', '/robots');
  return Promise.all(
    json.content.map(async ({ id }) => (await platform.api<Schemas['Robot']>('GET', `/robots/${id}`)).json),
  );
};
const tasksOf = async (platform: TestPlatform) => {
  const { json } = await platform.api<Schemas['ProcessItemPage']>('GET', '/process-items');
  return Promise.all(
    json.content.map(async ({ id }) => (await platform.api<Item>('GET', `/process-items/${id}`)).json),
  );
};
const refusalOf = (seed: unknown) => writeSeed(seed).then(() => seeded(async () => undefined));

describe('a seed directory', () => {
  it('gives the same ids and the same packages on every machine', async () => {
    const look = async (platform: TestPlatform) => ({
      tenantId: platform.tenantId,
      tasks: (await tasksOf(platform)).map((task) => [task.id, task.processId, task.task?.taskDefinition.id]),
      robots: (await robotsOf(platform)).map((robot) => [robot.id, robot.sourceFile.contentHash]),
    });
    const first = await seeded(look);
    await utimes(join(seedDir, 'folder', 'kubot.yaml'), 1, 1);
    expect(await seeded(look)).toEqual(first);
    expect(first.robots[0]?.[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
  });

  it('serves a .zip byte for byte, without opening it', async () => {
    await seeded(async (platform) => {
      const [, file] = await robotsOf(platform);
      const answer = await platform.fetch('GET', `/robots/${file?.id}/~actions/download-source-code`);
      expect(await answer.text()).toBe('no ZIP at all, and never opened');
    });
  });

  it('links documents and puts their URIs where task data names them', async () => {
    const clock = Date.UTC(2026, 0, 1);
    let now = clock;
    const look = async (platform: TestPlatform) => {
      const [task] = await tasksOf(platform);
      const [uri, unknown] = (task?.task?.data?.value.files ?? []) as string[];
      expect(uri).toMatch(/^kuflow-file:uri=[0-9a-f-]{36};type=text\/csv;size=15;name=march\.csv;$/);
      expect(unknown).toBe('kuflow-document:none.csv');
      now = clock + 48 * 60 * 60_000;
      const path = `/processes/${task?.processId}/~actions/download-document?`;
      const answer = await platform.fetch('GET', path + new URLSearchParams({ documentUri: uri ?? '' }));
      expect(await answer.text()).toBe('id;total\n1;100\n');
    };
    await seeded(look, { now: () => now });
  });

  it('gives a task to the person it names', async () => {
    await seeded(async (platform) => {
      const [, task] = await tasksOf(platform);
      const owner = await platform.api<Schemas['Principal']>('GET', `/principals/${task?.ownerId}`);
      expect([task?.task?.state, owner.json.user?.email]).toEqual(['CLAIMED', 'ana@acme.example']);
    });
  });

  it('takes ids that it names', async () => {
    const id = '0c2a4f4e-6f2f-4b57-9a52-0d3c8a4d1c11';
    await writeSeed({ ...SEED, tenant: { id, name: 'Acme' }, robots: [{ ...SEED.robots[1], id }] });
    await seeded(async (platform) => {
      expect([platform.tenantId, (await robotsOf(platform))[0]?.id]).toEqual([id, id]);
    });
  });
});

describe('a seed that is put in again', () => {
  it('changes nothing, when nothing in it changed', async () => {
    const audit = await seeded(async (platform) => platform.audit(), { dataDir });
    const look = async (platform: TestPlatform) => {
      expect(platform.audit()).toEqual(audit);
    };
    await seeded(look, { dataDir });
  });

  it('changes what changed, and moves lastModifiedAt of that alone', async () => {
    const first = await seeded(robotsOf, { dataDir, now: () => Date.UTC(2026, 0, 1) });
    await writeFile(join(seedDir, 'folder', 'lib', 'a.py'), 'print(2)\n');
    const second = await seeded(robotsOf, { dataDir, now: () => Date.UTC(2026, 0, 2) });
    expect(second.map((robot) => robot.id)).toEqual(first.map((robot) => robot.id));
    expect(second.map((robot) => robot.lastModifiedAt)).toEqual([
      '2026-01-02T00:00:00.000Z',
      '2026-01-01T00:00:00.000Z',
    ]);
    expect(second[0]?.createdAt).toBe('2026-01-01T00:00:00.000Z');
    expect(second[0]?.sourceFile.contentHash).not.toBe(first[0]?.sourceFile.contentHash);
    expect(second[1]).toEqual(first[1]);
  });

  it('never makes a finished task anew', async () => {
    const finish = async (platform: TestPlatform) => {
      const [task] = await tasksOf(platform);
      for (const action of ['claim', 'complete']) {
        await platform.api('POST', `/process-items/${task?.id}/task/~actions/${action}`);
      }
    };
    await seeded(finish, { dataDir });
    const states = async (platform: TestPlatform) =>
      (await tasksOf(platform)).map((item) => item.task?.state);
    expect(await seeded(states, { dataDir })).toEqual(['COMPLETED', 'CLAIMED']);
  });

  it('may bring more, also to a platform that runs', async () => {
    await seeded(async (platform) => {
      await platform.seed(
        {
          ...SEED,
          processes: [...SEED.processes, { definition: 'BILLING', tasks: [{ definition: 'CHECK' }] }],
        },
        seedDir,
      );
      expect(await tasksOf(platform)).toHaveLength(3);
    });
  });
});

describe('a seed that is wrong', () => {
  const [robot] = SEED.robots;
  const [process] = SEED.processes;
  it.each([
    ['an unknown field', { ...SEED, robos: [] }, 'robos'],
    ['a field of the wrong type', { ...SEED, robots: [{ ...robot, name: 7 }] }, 'robots.0.name'],
    [
      'a code that is there twice',
      { ...SEED, robots: [robot, robot] },
      'robots.1.code is there twice: FOLDER',
    ],
    [
      'a package that is not there',
      { ...SEED, robots: [{ ...robot, package: 'gone/' }] },
      'the package of robot FOLDER',
    ],
    [
      'an unknown process definition',
      { ...SEED, processes: [{ ...process, definition: 'NOPE' }] },
      'processes.0.definition',
    ],
    [
      'an unknown task definition',
      { ...SEED, processes: [{ ...process, tasks: [{ definition: 'NOPE' }] }] },
      'processes.0.tasks.0.definition',
    ],
    [
      'an unknown owner',
      {
        ...SEED,
        processes: [{ ...process, tasks: [{ definition: 'CHECK', ownerEmail: 'bo@acme.example' }] }],
      },
      'processes.0.tasks.0.ownerEmail',
    ],
  ])('is refused for %s, naming it', async (_, seed, named) => {
    await expect(refusalOf(seed)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(named),
    });
  });

  it('is refused where it is no JSON or not there, naming the file', async () => {
    await writeFile(join(seedDir, 'seed.json'), '{');
    await expect(seeded(async () => undefined)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(join(seedDir, 'seed.json')),
    });
    await rm(join(seedDir, 'seed.json'));
    await expect(seeded(async () => undefined)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});
