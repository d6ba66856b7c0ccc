import { begin, call, end, luck, pause, row } from './tell.mjs';

const { KUFLOW_TASK_ID } = process.env;

await begin();
for (let rows = luck('rows', 2, 20); rows > 0; rows--) row();
for (let tries = 0; tries < 6; tries++) {
  if ((await call('POST', `/process-items/${KUFLOW_TASK_ID}/task/~actions/complete`)) === 200) break;
  await pause(500);
}
for (let rows = luck('more', 1, 5); rows > 0; rows--) row();
await end();
