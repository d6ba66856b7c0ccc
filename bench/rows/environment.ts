import { cpSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadManifest } from '../../src/agent/packages/manifest.ts';
import { detectContainment } from '../../src/agent/process/containment.ts';
import { createRunCommand } from '../../src/agent/process/create-run-command.ts';
import { createEnvironmentStore, type EnvironmentSpec } from '../../src/agent/runtimes/environment-store.ts';
import { type Contender, quantile, type Row, timed, under } from '../measure.ts';
import { writeTree } from '../sample-tree.ts';
import type { Workbench } from '../workbench.ts';

const FILES = 10_000;
const STATS = 1000;
const REPEATS = 20;

/** An environment with 10,000 files of dependencies, given to a second run. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const dir = workbench.folder('environment');
  const packageDir = join(dir, 'package');
  mkdirSync(packageDir);
  writeFileSync(join(packageDir, 'kubot.yaml'), 'operations:\n  - name: Run\n    shell: echo ready\n');
  writeTree(join(packageDir, 'node_modules'), FILES, 500);
  const { manifest } = await loadManifest(packageDir);
  const runCommand = createRunCommand({ containment: await detectContainment() });
  const openStore = () =>
    createEnvironmentStore({
      dir: join(dir, 'environments'),
      runCommand,
      stepTimeoutMs: 60_000,
      platform: process.platform,
    });
  const spec: EnvironmentSpec = {
    robotCode: 'INVOICES',
    packageDigest: '0'.repeat(64),
    packageDir,
    manifest,
    runtimes: [],
    variables: () => ({}),
    signal: new AbortController().signal,
    onStep: () => {},
    log: () => {},
    warn: (message) => {
      throw new Error(message);
    },
  };
  const store = openStore();
  const environment = await store.ensureEnvironment(spec);
  const markerPath = join(environment.dir, 'environment.json');
  const limit: Contender = {
    name: '`stat` of one file',
    round: async () =>
      (await timed(() => {
        for (let at = 0; at < STATS; at++) statSync(markerPath);
      })) / STATS,
  };
  const plain: Contender = {
    name: 'a copy of the environment for each run, by `fs.cpSync`',
    round: () => {
      const copyDir = workbench.folder('copy');
      return timed(() => cpSync(environment.dir, copyDir, { recursive: true }));
    },
  };
  return [
    {
      name: 'environment, second use',
      unit: 'ms',
      limit,
      plain,
      ours: {
        name: 'marker read, the next part of the shared files looked over for changes',
        round: () =>
          medianOf(async () => {
            if (!(await store.isUsable(environment))) throw new Error('The environment is not usable');
          }),
      },
      goal: under(20, 'ms'),
      rounds: 3,
    },
    {
      name: 'environment, first use after a restart',
      unit: 'ms',
      limit,
      plain: { name: plain.name, missing: 'as in the row above' },
      ours: {
        name: 'the same by an agent that has just started, which reads the list of files first',
        round: () => medianOf(() => openStore().ensureEnvironment(spec)),
      },
      goal: under(20, 'ms'),
      rounds: 3,
    },
  ];
}

/** Of what is quick, a round takes the median of several. */
async function medianOf(work: () => unknown): Promise<number> {
  const samples: number[] = [];
  for (let repeat = 0; repeat < REPEATS; repeat++) samples.push(await timed(work));
  return quantile(
    samples.sort((a, b) => a - b),
    0.5,
  );
}
