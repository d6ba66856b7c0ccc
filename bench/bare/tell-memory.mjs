// Loaded before a program's own script: tells what memory it keeps after all garbage is collected. How much of that
// Node.js lets lie depends on the machine, and says nothing of what a program keeps.
import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerWith } from './answer-with.mjs';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

answerWith(async () => {
  collect();
  // What waited for that (FinalizationRegistry: each request of `fetch` has an entry) lets go of more.
  await setTimeout(200);
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return { heapMb: (heapUsed + external) / 1024 ** 2 };
});
