import { begin, end, luck, pause, row } from './tell.mjs';

await begin();
for (const endsAt = Date.now() + luck('seconds', 12, 22) * 1000; Date.now() < endsAt; ) {
  row(luck('levels', 0, 2) === 0 ? 'WARN ' : '');
  await pause(luck('pause', 20, 200));
}
await end();
