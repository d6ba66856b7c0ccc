import { afterEach, expect, test } from 'vitest';
import { createOutputPipeSource, type OutputPipes } from '../../../../src/agent/process/output-pipes.ts';

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
  const first = await source.take();
  const together = await Promise.all([source.take(), source.take(), source.take()]);
  taken.push(...[first, ...together].filter((pipes) => pipes !== undefined));
  const descriptors = taken.flatMap((pipes) => pipes.descriptors);
  expect(descriptors).toHaveLength(8);
  expect(new Set(descriptors).size).toBe(8);
});
