import { begin, call, end, luck, pause, row } from './tell.mjs';

const { KUFLOW_TASK_ID, KUFLOW_PROCESS_ID } = process.env;
const item = `/process-items/${KUFLOW_TASK_ID}`;

await begin();
for (let rounds = luck('rounds', 1, 4); rounds > 0; rounds--) {
  row();
  await call('GET', item);
  await call('POST', `${item}/task/~actions/append-log`, {
    message: `A note of the robot's own, ${rounds}`,
    level: 'INFO',
  });
  await call('GET', `/processes/${KUFLOW_PROCESS_ID}`);
  await call('PUT', `${item}/task/data`, { data: { value: { rounds } } });
  await pause(luck('pause', 0, 300));
}
row();
await end();
