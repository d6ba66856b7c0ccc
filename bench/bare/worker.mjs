// What one would write in an afternoon in place of an agent: two loops that list READY tasks, claim one, run its
// command with no sandbox and no journal, tell its output and complete it. It begins when it is told how many tasks
// there are.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';

const [endpoint, clientId, clientSecret] = process.argv.slice(2);
const headers = {
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
  'content-type': 'application/json',
};
const taken = new Set();

process.on('disconnect', () => process.exit());
for (;;) {
  const [{ tasks }] = await once(process, 'message');
  try {
    const began = performance.now();
    let left = tasks;
    const loop = async () => {
      while (left-- > 0) await runOne();
    };
    await Promise.all([loop(), loop()]);
    process.send({ ms: performance.now() - began });
  } catch (error) {
    process.send({ error: String(error) });
  }
}

async function runOne() {
  const id = await findTask();
  await call('POST', `/process-items/${id}/task/~actions/claim`);
  const { stdout } = await promisify(execFile)('sh', ['-c', 'echo ready'], {
    env: { PATH: '/usr/bin:/bin' },
  });
  await call('POST', `/process-items/${id}/task/~actions/append-log`, { message: stdout, level: 'INFO' });
  await call('POST', `/process-items/${id}/task/~actions/complete`);
}

async function findTask() {
  const { content } = await call('GET', '/process-items?type=TASK&taskState=READY&size=4');
  const found = content.find(({ id }) => !taken.has(id));
  if (!found) throw new Error('No task is READY');
  taken.add(found.id);
  return found.id;
}

async function call(method, path, body) {
  const response = await fetch(`${endpoint}/v2024-06-14${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}
