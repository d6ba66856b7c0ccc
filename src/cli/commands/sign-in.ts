import { applyNetworkSettings } from '../../agent/config/apply-network-settings.ts';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { compileOauth } from '../../agent/config/oauth-settings.ts';
import { prepareHome } from '../../agent/home/prepare-home.ts';
import { loadLibc } from '../../agent/native/libc.ts';
import { openInBrowser } from '../../agent/process/open-in-browser.ts';
import { createPostForm } from '../../agent/sign-in/post-form.ts';
import { signIn as signInByBrowser } from '../../agent/sign-in/sign-in.ts';
import { openSignInStore } from '../../agent/sign-in/sign-in-store.ts';
import { AgentError } from '../../shared/errors.ts';
import { LANGUAGES, type Language } from '../../shared/words/language.ts';
import type { Context } from '../context.ts';
import { findAgentOfHome } from '../find-agent.ts';
import { settingFlags } from '../setting-flags.ts';
import { listenForStop } from '../stop-signals.ts';
import { printable } from '../text.ts';

export interface SignInFlags extends Record<string, unknown> {
  /** False by --no-browser. */
  browser: boolean;
  language: string;
}

/** Lets a person sign in, and keeps what lasts of it where the agent finds it. Streams where it is. */
export async function signIn(context: Context, _args: [], options: SignInFlags): Promise<number> {
  const { homeDir, environment, cwd, terminal } = context;
  // Before any secret is read.
  (await loadLibc())?.hideMemory();
  const language = languageOf(options.language);
  const config = loadConfig({ flags: settingFlags(options), environment, home: homeDir, cwd });
  const oauth = compileOauth(config.settings, config.endpoint);
  prepareHome(homeDir);
  const store = await openSignInStore(homeDir);
  // A keyring that is not there, or will not open, is told of before anybody has typed a password.
  await store.read();
  applyNetworkSettings(config.settings, config.endpoint, environment);
  const stop = listenForStop();
  const abort = new AbortController();
  stop.first.then(() => abort.abort(), undefined);
  try {
    const { account } = await signInByBrowser({
      oauth,
      language,
      post: createPostForm(),
      show: async (url) => {
        const opened = options.browser && (await openInBrowser(url, environment));
        terminal.json({ event: 'waiting', url, opened });
        terminal.line(
          opened
            ? 'Sign in with the browser that was opened. If you do not see it, open this address on this machine:'
            : 'Open this address in a browser on this machine, and sign in:',
        );
        terminal.lines(['', `  ${url}`, '']);
      },
      keep: (signedIn) => store.exclusively(() => store.write(signedIn)),
      signal: abort.signal,
    });
    const agentTold = await tellAgent(context);
    terminal.json({ event: 'signed-in', account, endpoint: oauth.endpoint, agentTold });
    terminal.line(
      `Signed in${account === null ? '' : ` as ${printable(account)}`}. ${agentTold ? 'The agent that runs goes on with it.' : 'The next start of the agent goes by it.'}`,
    );
    if (config.settings.authentication !== 'oauth')
      terminal.note('The agent works as an application still: kubot config set authentication oauth');
    return 0;
  } finally {
    stop.dispose();
  }
}

/** Forgets the sign-in here. What the server knows of it ends by itself, or by whoever runs it. */
export async function signOut(context: Context): Promise<number> {
  const { homeDir, terminal } = context;
  const store = await openSignInStore(homeDir);
  const wasSignedIn = await store.exclusively(() => store.remove());
  if (wasSignedIn) await tellAgent(context);
  terminal.json({ wasSignedIn });
  terminal.line(wasSignedIn ? 'Signed out: nothing of it is kept on this machine.' : 'Nobody was signed in.');
  return 0;
}

/** An agent that waits for somebody looks into the keyring now. False: none runs here. */
async function tellAgent(context: Context): Promise<boolean> {
  const agent = await findAgentOfHome(context);
  await agent?.reconnect();
  return agent !== null;
}

function languageOf(text: string): Language {
  const language = LANGUAGES.find((one) => one === text);
  if (language !== undefined) return language;
  throw new AgentError('USAGE', `--language expects ${LANGUAGES.join(' or ')}, not ${text}.`);
}
