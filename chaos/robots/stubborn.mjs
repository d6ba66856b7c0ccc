import { spawn } from 'node:child_process';
import { begin, pause, row } from './tell.mjs';

const DEAF = "for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {});";

// It does not end by itself, is deaf to INT and TERM, and so is the daemon that it leaves behind.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(name, () => {});
await begin();
const daemon = spawn(process.execPath, ['-e', `${DEAF} setTimeout(() => {}, 600_000);`], {
  detached: true,
  stdio: 'ignore',
});
daemon.unref();
for (;;) {
  row();
  await pause(250);
}
