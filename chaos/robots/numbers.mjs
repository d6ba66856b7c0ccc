import { begin, end, luck, pause, row } from './tell.mjs';

await begin();
for (let rows = luck('rows', 3, 40); rows > 0; rows--) {
  row();
  await pause(luck('pause', 0, 40));
}
await end();
