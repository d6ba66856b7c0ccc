import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { KEYRING_SERVICE, openKeyringEntry } from '../../agent/native/keyring.ts';
import { loadLibc } from '../../agent/native/libc.ts';
import { AgentError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import type { Terminal } from '../terminal.ts';
import { printable } from '../text.ts';

interface SecretOptions {
  keyring?: boolean;
  remove?: boolean;
}

/** Puts the client secret where the agent finds it. It comes by stdin: arguments are for all to see. */
export async function configSecret(context: Context, _args: [], options: SecretOptions): Promise<number> {
  if (!options.keyring) throw new AgentError('USAGE', 'It is not said where to keep the secret: --keyring.');
  const { terminal } = context;
  (await loadLibc())?.hideMemory();
  const clientId = requireClientId(context);
  const entry = await openKeyringEntry(clientId);
  const kept = !options.remove;
  if (kept) await entry.write(await readSecret(terminal));
  else await entry.remove();
  terminal.json({ clientId, service: KEYRING_SERVICE, kept });
  terminal.line(
    kept
      ? `The keyring holds the client secret of ${printable(clientId)}. The agent takes it with KUBOT_CLIENT_SECRET_KEYRING=true.`
      : `The keyring holds no client secret of ${printable(clientId)} any more.`,
  );
  return 0;
}

function requireClientId({ environment, homeDir, cwd }: Context): string {
  // The file that the secret lay in may be gone already.
  const withoutFile = { ...environment, KUBOT_CLIENT_SECRET_FILE: '' };
  const { settings } = loadConfig({ flags: {}, environment: withoutFile, home: homeDir, cwd });
  if (settings.clientId !== null) return settings.clientId;
  throw new AgentError('CONFIG_INVALID', 'It is not said whose secret this is: KUBOT_CLIENT_ID is not set.', {
    hint: 'KUBOT_CLIENT_ID, or the setting clientId, names the application that this host works as.',
  });
}

async function readSecret(terminal: Terminal): Promise<string> {
  const given = process.stdin.isTTY ? await askUnseen(terminal) : await text(process.stdin);
  const secret = given.trim();
  if (secret !== '') return secret;
  throw new AgentError('USAGE', 'No secret came by stdin.', {
    hint: 'Write it there: kubot config secret --keyring < FILE.',
  });
}

/** One line from the person, who does not see it while typing. */
async function askUnseen(terminal: Terminal): Promise<string> {
  terminal.note('The client secret; what you type is not shown:');
  const nowhere = new Writable({ write: (_part, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: nowhere, terminal: true });
  try {
    return await new Promise((resolve, reject) => {
      const stop = () => reject(new AgentError('INTERRUPTED', 'No secret was given.'));
      lines.once('line', resolve).once('SIGINT', stop).once('close', stop);
    });
  } finally {
    lines.close();
  }
}
