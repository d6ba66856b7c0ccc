import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fstatSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import {
  createOutputPipeSource,
  makeOutputPipes,
  type OutputPipes,
} from '../../../../src/agent/process/output-pipes.ts';

const source = createOutputPipeSource();
const taken: OutputPipes[] = [];

afterEach(async () => {
  for (const pipes of taken.splice(0)) {
    pipes.stdout.destroy();
    pipes.stderr.destroy();
    pipes.closeWriters();
  }
  await source.close();
});

test.runIf(process.platform !== 'win32')('gives pipes of their own to those that ask together', async () => {
  // More than are made at once.
  const together = await Promise.all(Array.from({ length: 20 }, () => source.take()));
  taken.push(...together.filter((pipes) => pipes !== undefined));
  const inodes = taken.flatMap((pipes) => pipes.descriptors).map((descriptor) => fstatSync(descriptor).ino);
  expect(inodes).toHaveLength(40);
  expect(new Set(inodes).size).toBe(40);
});

async function textOf(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  await once(stream, 'close');
  return Buffer.concat(chunks).toString();
}

async function make(): Promise<OutputPipes> {
  const pipes = await makeOutputPipes();
  if (pipes === undefined) throw new Error('This system makes no FIFOs');
  taken.push(pipes);
  return pipes;
}

describe.runIf(process.platform !== 'win32')('pipes for a robot', () => {
  test('bring what is written to each, and end when the writing ends are closed', async () => {
    const pipes = await make();
    const texts = [textOf(pipes.stdout), textOf(pipes.stderr)];
    for (const [index, descriptor] of pipes.descriptors.entries()) {
      expect(fstatSync(descriptor).isFIFO()).toBe(true);
      writeSync(descriptor, `to ${index}\n`);
    }
    pipes.closeWriters();
    pipes.closeWriters();
    expect(await Promise.all(texts)).toEqual(['to 0\n', 'to 1\n']);
  });

  test('let a program open its own stderr again, which a socket would not', async () => {
    const pipes = await make();
    const child = spawn('/bin/sh', ['-c', 'echo out; echo err >/dev/stderr'], {
      stdio: ['ignore', ...pipes.descriptors],
    });
    pipes.closeWriters();
    expect(await Promise.all([textOf(pipes.stdout), textOf(pipes.stderr), once(child, 'close')])).toEqual([
      'out\n',
      'err\n',
      [0, null],
    ]);
  });

  test('are none where there is no place to make them, which is no failure', async () => {
    const { TMPDIR } = process.env;
    process.env.TMPDIR = join(import.meta.dirname, 'no-such-folder');
    try {
      expect(await makeOutputPipes()).toBeUndefined();
    } finally {
      if (TMPDIR === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = TMPDIR;
    }
  });

  test('are made for who asks after the end of their source, too', async () => {
    const own = createOutputPipeSource();
    const pipes = await own.take();
    if (pipes) taken.push(pipes);
    await own.close();
    await own.close();
    const late = await own.take();
    if (late) taken.push(late);
    expect(late?.descriptors).toHaveLength(2);
    await own.close();
  });
});
