// A Node.js with nothing loaded that starts commands and says how long they took: what it costs to start a process
// grows with the memory of who starts it, so the bench does not do it itself. Plain JavaScript, because loading the
// compiler of TypeScript takes 27 MB.
import { spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdirSync } from 'node:fs';

/**
 * @typedef {object} Command
 * @property {string} file
 * @property {string[]} args
 * @property {Record<string, string>} [env]
 * @property {string} [cwd]
 * @property {string | null} [until] text on stdout that ends the time; '' is the first byte, null the exit
 * @property {number} [times] so often, and
 * @property {number} [parallel] so many at once
 * @property {{from: string, to: string}} [copy] a folder that is copied first, within the time
 * @property {string} [log] a file that stdout is written to
 */

process.on('message', async (/** @type {Command} */ command) => {
  try {
    const began = performance.now();
    if (command.copy) cpSync(command.copy.from, command.copy.to, { recursive: true });
    let left = command.times ?? 1;
    const work = async () => {
      let ms = 0;
      while (left-- > 0) ms = (await run(command)) - began;
      return ms;
    };
    const ends = await Promise.all(Array.from({ length: command.parallel ?? 1 }, work));
    process.send?.({ ms: Math.max(...ends) });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on('disconnect', () => process.exit());

/**
 * @param {Command} command
 * @returns {Promise<number>} when it was done, once the process is gone
 */
function run({ file, args, env, cwd, log, until = null }) {
  if (cwd) mkdirSync(cwd, { recursive: true });
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      env,
      cwd,
      stdio: ['ignore', until === null ? 'ignore' : 'pipe', 'pipe'],
    });
    let seen = until === null ? null : '';
    let doneAt = 0;
    let complaint = '';
    child.stdout?.on('data', (chunk) => {
      if (log) appendFileSync(log, chunk);
      if (doneAt > 0) return;
      seen += chunk;
      if (!seen.includes(until)) return;
      doneAt = performance.now();
      // What would go on for good is asked to end; what ends by itself does not hear it.
      child.kill('SIGTERM');
    });
    child.stderr.on('data', (chunk) => {
      complaint += chunk;
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (until === null && code === 0) doneAt = performance.now();
    });
    child.on('close', (code, signal) => {
      if (doneAt > 0) resolve(doneAt);
      else reject(new Error(`${file} ${args.join(' ')} ended with ${code ?? signal}: ${complaint}`));
    });
  });
}
