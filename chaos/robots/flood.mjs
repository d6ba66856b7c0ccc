import { begin, end, pause, row } from './tell.mjs';

await begin();
for (let rows = 1; rows <= 5000; rows++) {
  row(rows % 40 === 0 ? 'ERROR ' : '');
  if (rows % 500 === 0) await pause(20);
}
await end();
