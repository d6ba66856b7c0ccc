import { begin, end, luck, pause, row } from './tell.mjs';

await begin();
for (let rows = luck('rows', 2, 10); rows > 0; rows--) row('', console.error);
await pause(luck('pause', 0, 300));
row('ERROR ', console.error);
await end(3);
