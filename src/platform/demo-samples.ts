import { randomUUID } from 'node:crypto';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { compareVersions } from './assets/versions.ts';

export interface LoadSamplesOptions {
  /** The folder of the samples, with their seed.json. */
  readonly samplesDir: string;
  /** An empty or missing folder that becomes a seed directory of its own. */
  readonly targetDir: string;
  /** Version of Python to fill in for `{{python}}`; null: this host can provide none. */
  readonly python: string | null;
}

export interface LoadedSamples {
  readonly seedDir: string;
  /** What `<seedDir>/seed.json` says. */
  readonly seed: SampleSeed;
  /** Robots that cannot run here, each with a sentence for a person. */
  readonly leftOut: readonly { readonly robot: string; readonly reason: string }[];
}

/**
 * Copies the sample robots into a seed directory that fits this host: their Python version filled in, Python
 * robots left out where there is no Python for them. Processes and tasks get fresh ids, so each demo has work
 * to do; robots and definitions keep the stable ids that the seed's rule gives them.
 */
export async function loadSamples({
  samplesDir,
  targetDir,
  python,
}: LoadSamplesOptions): Promise<LoadedSamples> {
  const seed = SampleSeed.parse(JSON.parse(await readFile(join(samplesDir, 'seed.json'), 'utf8')));
  const refusal = explainRefusal(python);
  const leftOut: { robot: string; reason: string }[] = [];
  const kept: SampleSeed['robots'] = [];
  await mkdir(targetDir, { recursive: true });
  for (const robot of seed.robots) {
    const manifest = await readFile(join(samplesDir, robot.package, 'kubot.yaml'), 'utf8');
    if (manifest.includes(PLACEHOLDER) && refusal !== null) {
      leftOut.push({ robot: robot.code, reason: refusal });
      continue;
    }
    kept.push(robot);
    await cp(join(samplesDir, robot.package), join(targetDir, robot.package), {
      recursive: true,
      filter: (path) => !/[\\/](__pycache__|node_modules)$/.test(path),
    });
    await writeFile(
      join(targetDir, robot.package, 'kubot.yaml'),
      manifest.replaceAll(PLACEHOLDER, python ?? ''),
    );
  }
  const rendered = renew(keepRobots(seed, kept));
  await writeFile(join(targetDir, 'seed.json'), `${JSON.stringify(rendered, null, 2)}\n`);
  return { seedDir: targetDir, seed: rendered, leftOut };
}

const PLACEHOLDER = '{{python}}';

/** The oldest Python that kuflow-rest 3.5.0 installs on. */
const OLDEST_PYTHON = '3.9.0';

const SampleTask = z.looseObject({ id: z.uuid().optional(), definition: z.string() });

/** The parts of a seed that are touched here; all else passes through. */
const SampleSeed = z.looseObject({
  robots: z.array(z.looseObject({ code: z.string(), package: z.string() })),
  processDefinitions: z.array(
    z.looseObject({ tasks: z.array(z.looseObject({ code: z.string(), robot: z.string() })) }),
  ),
  processes: z.array(
    z.looseObject({
      id: z.uuid().optional(),
      documents: z.array(z.looseObject({ file: z.string() })),
      tasks: z.array(SampleTask),
    }),
  ),
});

export type SampleSeed = z.infer<typeof SampleSeed>;

function explainRefusal(python: string | null): string | null {
  if (python === null) {
    return 'It needs Python 3.9 or newer with venv and pip, and this machine has none that a runtime can be made from.';
  }
  if (compareVersions(python, OLDEST_PYTHON) < 0) {
    return `It needs Python 3.9 or newer, and this machine has ${python}.`;
  }
  return null;
}

/** Takes out what belongs to other robots: their tasks, and the documents that lie in their folders. */
function keepRobots(seed: SampleSeed, robots: SampleSeed['robots']): SampleSeed {
  const codes = new Set(robots.map((robot) => robot.code));
  const gone = seed.robots.filter((robot) => !codes.has(robot.code)).map((robot) => robot.package);
  const processDefinitions = seed.processDefinitions.map((definition) => ({
    ...definition,
    tasks: definition.tasks.filter((task) => codes.has(task.robot)),
  }));
  const tasks = new Set(
    processDefinitions.flatMap((definition) => definition.tasks.map((task) => task.code)),
  );
  const processes = seed.processes.map((process) => ({
    ...process,
    documents: process.documents.filter(
      (document) => !gone.some((folder) => document.file.startsWith(folder)),
    ),
    tasks: process.tasks.filter((task) => tasks.has(task.definition)),
  }));
  return { ...seed, robots, processDefinitions, processes };
}

function renew(seed: SampleSeed): SampleSeed {
  const processes = seed.processes.map((process) => ({
    ...process,
    id: randomUUID(),
    tasks: process.tasks.map((task) => ({ ...task, id: randomUUID() })),
  }));
  return { ...seed, processes };
}
