import { join, resolve } from 'node:path';
import { createAssetProvider } from '../../platform/assets/create-asset-provider.ts';
import { startPlatform } from '../../platform/start-platform.ts';
import { AgentError } from '../../shared/errors.ts';
import { assetLog } from '../asset-log.ts';
import type { Context } from '../context.ts';
import { listenForStop } from '../stop-signals.ts';

export interface PlatformOptions {
  port: string;
  data?: string;
  seed?: string;
}

/** Serves until it is asked to stop. Keeps made assets in the home and takes no lock there. */
export async function platform(context: Context, _args: [], options: PlatformOptions): Promise<number> {
  const { cwd, environment, homeDir, terminal } = context;
  const stop = listenForStop();
  const running = await startPlatform({
    port: parsePort(options.port),
    ...(options.data === undefined ? {} : { dataDir: resolve(cwd, options.data) }),
    ...(options.seed === undefined ? {} : { seedDir: resolve(cwd, options.seed) }),
    assets: createAssetProvider({
      cacheDir: join(homeDir, 'platform-assets'),
      environment,
      log: assetLog(terminal),
    }),
  });
  const { url, clientId, clientSecret, tenantId, oauth } = running;
  terminal.json({ url, clientId, clientSecret, tenantId, oauth });
  terminal.lines([
    `The embedded platform listens on ${url}`,
    '',
    `  export KUBOT_API_ENDPOINT=${url}`,
    `  export KUBOT_CLIENT_ID=${clientId}`,
    `  export KUBOT_CLIENT_SECRET=${clientSecret}`,
    `  export KUBOT_TENANT_ID=${tenantId}`,
    '',
    'To work as a person who signs in (kubot sign-in) instead:',
    '',
    '  export KUBOT_AUTHENTICATION=oauth',
    `  export KUBOT_OAUTH_AUTHORIZATION_URL=${oauth.authorizationUrl}`,
    `  export KUBOT_OAUTH_TOKEN_URL=${oauth.tokenUrl}`,
    `  export KUBOT_OAUTH_CLIENT_ID=${oauth.clientId}`,
    '',
    'Ctrl-C stops it.',
  ]);
  await stop.first;
  await running.close();
  stop.dispose();
  return 0;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new AgentError('USAGE', `--port expects a number from 0 to 65535, not ${text}.`);
}
