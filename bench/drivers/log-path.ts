import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { finished, pipeline } from 'node:stream/promises';
import { createRunLog } from '../../src/agent/logs/log-pipeline.ts';
import { detectContainment } from '../../src/agent/process/containment.ts';
import { createOutputPipeSource } from '../../src/agent/process/output-pipes.ts';
import { startProcess } from '../../src/agent/process/start-process.ts';
import { errorText } from '../driver.ts';
import { watchGrowth } from '../memory.ts';

// One program's output to a file, once: as we do it, or as a short script would. A process for each round, so that
// each begins with a memory of its own.

export interface LogPathJob {
  /** `raw` writes what it reads as it is. */
  way: 'ours' | 'script' | 'raw';
  file: string;
  args: string[];
  secrets: string[];
  outPath: string;
  lines: number;
}

const WAYS = { ours, script, raw };

process.once('message', async (job: LogPathJob) => {
  try {
    process.send?.(await WAYS[job.way](job));
  } catch (error) {
    process.send?.({ error: errorText(error) });
  }
});

/** Contained, read from FIFOs, masked, split, levels told, in blocks on disk: all that a run's output gets. */
async function ours({ file, args, secrets, outPath, lines }: LogPathJob) {
  const containment = await detectContainment();
  const pipes = createOutputPipeSource();
  const start = (program: string, programArgs: string[]) =>
    startProcess({
      file: program,
      args: programArgs,
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      cookie: { name: 'KUBOT_RUN_ID', value: randomUUID() },
      containment,
      pipes,
    });
  // An agent has pipes ready; so has this one, after a first start.
  await (await start('/bin/sh', ['-c', 'true'])).exited;
  const growth = watchGrowth();
  const began = performance.now();
  const log = createRunLog({ path: outPath, secrets, now: Date.now });
  const robot = await start(file, args);
  log.attach(robot.stdout, 'stdout');
  log.attach(robot.stderr, 'stderr');
  const { exitCode } = await robot.exited;
  log.end();
  const finding = { ms: performance.now() - began, mb: growth() };
  await pipes.close();
  if (exitCode !== 0) throw new Error(`The program ended with ${exitCode}`);
  if (log.counters.lines !== lines) throw new Error(`The log has ${log.counters.lines} lines, not ${lines}`);
  return finding;
}

/** What one would write in five minutes: lines by readline, `replaceAll` for each secret, a stream to the file. */
async function script({ file, args, secrets, outPath }: LogPathJob) {
  const growth = watchGrowth();
  const began = performance.now();
  const out = createWriteStream(outPath);
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    let masked = line;
    for (const secret of secrets) masked = masked.replaceAll(secret, '***');
    if (!out.write(`${masked}\n`)) await once(out, 'drain');
  }
  out.end();
  await finished(out);
  await exited;
  return { ms: performance.now() - began, mb: growth() };
}

async function raw({ file, args, outPath }: LogPathJob) {
  const growth = watchGrowth();
  const began = performance.now();
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await pipeline(child.stdout, createWriteStream(outPath));
  return { ms: performance.now() - began, mb: growth() };
}
