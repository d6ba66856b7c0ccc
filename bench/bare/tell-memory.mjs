// Loaded before a program's own script: tells what memory it keeps after all garbage is collected. How much of that
// Node.js lets lie depends on the machine, and says nothing of what a program keeps.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { answerWith } from './answer-with.mjs';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

answerWith(() => {
  collect();
  // What the first collection let go of may have held more.
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return { heapMb: (heapUsed + external) / 1024 ** 2 };
});
