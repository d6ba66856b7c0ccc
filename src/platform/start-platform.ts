import { randomBytes, randomUUID } from 'node:crypto';
import { applySeed } from './apply-seed.ts';
import type { AssetProvider } from './asset-provider.ts';
import { DEFAULT_BEHAVIOUR, type PlatformBehaviour } from './behaviour.ts';
import { createApi } from './create-api.ts';
import { DocumentFiles } from './document-files.ts';
import type { AuditEntry, Principal } from './model.ts';
import { createOauthServer, OAUTH_CLIENT_ID } from './oauth/oauth-server.ts';
import { endSessions } from './oauth/sessions.ts';
import { ownAssets } from './own-assets.ts';
import type { PlatformState } from './platform-state.ts';
import { loadSeed, parseSeed, type SeedInput } from './seed.ts';
import { startServer } from './server.ts';
import { Store } from './store.ts';
import { uuidV5 } from './uuid-v5.ts';

export interface PlatformOptions {
  /** 0 or absent: a free one. */
  port?: number;
  host?: string;
  /** Where state survives a restart; absent: in memory. */
  dataDir?: string;
  /** A folder with a seed.json, or a seed as a value whose files are relative to it. */
  seedDir?: string;
  seed?: SeedInput;
  assets: AssetProvider;
  behaviour?: Partial<PlatformBehaviour>;
  now?: () => number;
  credentials?: { clientId: string; clientSecret: string };
  /** Hears of answers that the official specification forbids; absent: answers are not checked. */
  onInvalidAnswer?: (operationId: string, errors: unknown) => void;
  /** Hears of faults of the platform's own. */
  onFault?: (error: unknown) => void;
}

export interface Application {
  clientId: string;
  clientSecret: string;
  bearerToken: string;
  principalId: string;
}

export interface RunningPlatform extends Omit<Application, 'principalId'> {
  /** Without the version path. */
  url: string;
  tenantId: string;
  principalId: string;
  /** Where people sign in, and as what program. */
  oauth: { authorizationUrl: string; tokenUrl: string; clientId: string };
  /** Ends what people allowed, as whoever runs the server can. */
  endSessions(): void;
  /** May be changed at any time. */
  behaviour: PlatformBehaviour;
  /** Every mutation since the data folder began, oldest first. */
  audit(): AuditEntry[];
  /** Another application with credentials of its own. */
  addApplication(name: string): Application;
  /** Puts a further seed in; files are relative to `dir`. */
  seed(seed: SeedInput, dir: string): Promise<void>;
  /** Ends within seconds, open connections or not. */
  close(): Promise<void>;
}

/** Namespace of tenant ids that a seed does not give: one name, one id, on every machine. */
const TENANTS = '6b1f0d52-3f0e-4d0e-9b57-0f2f2a1f6d11';
const SPEC_NAME = 'openapi-v2024-06-14-r2024-09.yaml';

/**
 * Starts the embedded platform: a KuFlow-compatible server with what a robot's run touches.
 * @throws AgentError CONFIG_INVALID for a seed that is wrong
 */
export async function startPlatform(options: PlatformOptions): Promise<RunningPlatform> {
  const dataDir = options.dataDir ?? null;
  const store = new Store(dataDir);
  const files = new DocumentFiles(dataDir);
  const now = options.now ?? Date.now;
  const behaviour: PlatformBehaviour = { ...DEFAULT_BEHAVIOUR, ...options.behaviour };
  const seedDir = options.seedDir ?? process.cwd();
  const closeStore = () => {
    store.close();
    files.close();
  };
  try {
    const seed =
      options.seed !== undefined
        ? parseSeed(options.seed, 'given')
        : options.seedDir === undefined
          ? null
          : loadSeed(options.seedDir);
    const tenantId = ensureFact(
      store,
      'tenantId',
      () => seed?.tenant.id ?? uuidV5(TENANTS, seed?.tenant.name ?? 'KuBot'),
    );
    const main = ensureApplication(store, 'KuBot Runner', options.credentials);
    const systemId = ensurePrincipal(store, { type: 'SYSTEM', name: 'System' }).id;
    const { assets } = options;
    const state: PlatformState = { store, files, assets, behaviour, tenantId, systemId, now };
    if (seed) await applySeed(state, seed, seedDir);
    const api = await createApi(ownAssets(`openapi/${SPEC_NAME}`), options.onInvalidAnswer ?? null);
    const server = await startServer(
      api,
      createOauthServer(state),
      state,
      { host: options.host ?? '127.0.0.1', port: options.port ?? 0 },
      options.onFault ?? ((error) => console.error(error)),
    );
    return {
      ...main,
      url: server.url,
      tenantId,
      oauth: {
        authorizationUrl: `${server.url}/oauth/authorize`,
        tokenUrl: `${server.url}/oauth/token`,
        clientId: OAUTH_CLIENT_ID,
      },
      endSessions: () => endSessions(state),
      behaviour,
      audit: () => store.listAudit(),
      addApplication: (name) => ensureApplication(store, name),
      seed: (more, dir) => applySeed(state, parseSeed(more, 'given'), dir),
      close: async () => {
        await server.close();
        closeStore();
      },
    };
  } catch (error) {
    closeStore();
    throw error;
  }
}

function ensureFact(store: Store, name: string, make: () => string): string {
  const known = store.findFact(name);
  if (known !== undefined) return known;
  const value = make();
  store.saveFact(name, value);
  return value;
}

function ensureApplication(
  store: Store,
  name: string,
  credentials?: { clientId: string; clientSecret: string },
): Application {
  const known = store.all('principal').find((one) => one.type === 'APPLICATION' && one.name === name);
  const secret = () => randomBytes(24).toString('base64url');
  const principal = ensurePrincipal(store, {
    type: 'APPLICATION',
    name,
    clientId: credentials?.clientId ?? known?.clientId ?? randomUUID(),
    clientSecret: credentials?.clientSecret ?? known?.clientSecret ?? secret(),
    bearerToken: known?.bearerToken ?? secret(),
  });
  const { clientId, clientSecret, bearerToken, id } = principal;
  return {
    clientId: clientId ?? '',
    clientSecret: clientSecret ?? '',
    bearerToken: bearerToken ?? '',
    principalId: id,
  };
}

function ensurePrincipal(
  store: Store,
  wanted: Partial<Principal> & Pick<Principal, 'type' | 'name'>,
): Principal {
  const known = store.all('principal').find((one) => one.type === wanted.type && one.name === wanted.name);
  const principal: Principal = {
    id: known?.id ?? randomUUID(),
    email: null,
    clientId: null,
    clientSecret: null,
    bearerToken: null,
    ...wanted,
  };
  store.save('principal', principal);
  return principal;
}
