// Stands where the command line's program stands in the checkout that set-up.test.ts makes: says how it was called.
import { readFileSync } from 'node:fs';

const [what, value] = process.argv.slice(2);
if (what === 'exit') process.exit(Number(value));
else if (what === 'cwd') console.log(process.cwd());
else if (what === 'wait') {
  process.on('SIGTERM', () => process.exit(42));
  setInterval(() => undefined, 1000);
  console.log(process.pid);
} else if (what === 'secret') {
  const descriptor = process.env.KUBOT_SECRET_FD ?? null;
  const text = descriptor === null ? null : readFileSync(Number(descriptor), 'utf8');
  const shown = process.platform === 'linux' ? readFileSync('/proc/self/environ', 'utf8') : null;
  const isShown = shown === null || text === null ? null : shown.includes(text.trim());
  console.log(
    JSON.stringify({ descriptor, text, variable: process.env.KUBOT_CLIENT_SECRET ?? null, isShown }),
  );
} else if (what === 'options') console.log(JSON.stringify(process.execArgv));
else if (what === 'variables') {
  console.log(JSON.stringify(Object.keys(process.env).filter((name) => /^(NODE_|INIT_CWD)/.test(name))));
} else console.log(JSON.stringify(process.argv.slice(2)));
