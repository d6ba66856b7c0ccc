import type { AgentConfig } from '../../agent/config/agent-config.ts';
import { createKuFlowClient, type KuFlowClient } from '../../agent/kuflow/create-client.ts';
import type { Tenant } from '../../agent/kuflow/look-around.ts';
import { findAuthorization } from '../../agent/sign-in/find-authorization.ts';
import { type CatalogueRobot, passesFilter, RobotCatalogue } from '../../agent/worker/robot-catalogue.ts';
import type { ConnectionCheck, Problem, SeenRobot } from '../../shared/connection-check.ts';
import { type AgentError, isAgentError, toAgentError } from '../../shared/errors.ts';
import { type Judged, judgeFailure } from './judge-failure.ts';

/** All of a check but the machine. */
export type Checked = Omit<ConnectionCheck, 'machine'>;

export interface CheckOptions {
  readonly config: AgentConfig;
  /** Through which the platform is reached; null: directly. */
  readonly proxy: string | null;
  /** Of one call. */
  readonly timeoutMs: number;
}

const SILENT = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const FINE = { ok: true, problem: null } as const;

/** Is the platform there, does it take the credentials, what do they see: by the agent's own calls, writing nothing. */
export async function checkConnection({ config, proxy, timeoutMs }: CheckOptions): Promise<Checked> {
  const { authorization, lacking } = await findAuthorization(config, timeoutMs);
  const client = createKuFlowClient({
    endpoint: config.endpoint,
    // Without any, the platform still says whether it is there.
    credentials: authorization ?? { clientId: 'none', clientSecret: 'none' },
    log: SILENT,
    timeoutMs,
  });
  const failure = await failureOf(client.findRobots({ context: 'READY' }));
  const judged = failure === null ? null : judgeFailure(failure, proxy);
  const address = {
    ...(judged?.step === 'address' ? failed(judged.problem) : FINE),
    endpoint: client.endpoint,
    proxy,
    clockSkewMs: client.connection().clockSkewMs,
  };
  const credentials = judgeCredentials(judged, authorization !== null, lacking);
  if (!address.ok || credentials === null || !credentials.ok) {
    return { ok: false, address, credentials, worker: null, tenant: null, robots: null };
  }
  const worker = await checkWorker(client, proxy);
  const { tenant, robots } = await lookAround(client, config);
  return { ok: worker.ok && tenant.ok, address, credentials, worker, tenant, robots };
}

function judgeCredentials(
  judged: Judged | null,
  areThere: boolean,
  lacking: AgentError | null,
): Checked['credentials'] {
  if (judged?.step === 'address') return null;
  if (lacking !== null)
    return failed({ code: 'SIGN_IN_NEEDED', message: lacking.message, hint: lacking.hint });
  if (!areThere) {
    return failed({
      code: 'CREDENTIALS_MISSING',
      message: 'There is no client id with a client secret.',
      hint: 'Give the client id by --client-id or KUBOT_CLIENT_ID, and the secret by KUBOT_CLIENT_SECRET_FILE or the keyring.',
    });
  }
  return judged === null ? FINE : failed(judged.problem);
}

async function checkWorker(
  client: KuFlowClient,
  proxy: string | null,
): Promise<NonNullable<Checked['worker']>> {
  for (const ask of [
    () => client.assertMayRegister(),
    () => client.findTasks({ states: ['READY'], definitionCodes: [], tenantId: null, limit: 1 }),
  ]) {
    const failure = await failureOf(ask());
    if (failure !== null) {
      const { problem } = judgeFailure(failure, proxy);
      return failed({
        ...problem,
        code: problem.code === 'CREDENTIALS_REFUSED' ? 'NOT_ALLOWED' : problem.code,
      });
    }
  }
  return FINE;
}

async function lookAround(
  client: KuFlowClient,
  { tenantId, settings }: AgentConfig,
): Promise<{ tenant: NonNullable<Checked['tenant']>; robots: SeenRobot[] | null }> {
  const tenants = await client.findTenants().catch(() => null);
  if (tenantId !== null && tenants !== null && !tenants.some(({ id }) => id === tenantId)) {
    return { tenant: { ...failed(unknownTenant(tenantId)), id: tenantId, seen: tenants }, robots: null };
  }
  const catalogue = new RobotCatalogue({ client, tenantId, filter: [], onChange: () => {}, log: SILENT });
  const failure = await failureOf(catalogue.refresh(AbortSignal.timeout(LOOK_LIMIT_MS)));
  if (failure !== null) {
    const problem =
      tenantId !== null && failure.code === 'PLATFORM_REFUSED'
        ? unknownTenant(tenantId)
        : judgeFailure(failure, null).problem;
    return { tenant: { ...failed(problem), id: tenantId, seen: tenants ?? [] }, robots: null };
  }
  const ready = catalogue.all();
  const known = new Set(ready.map(({ id }) => id));
  const others = await client.findRobots({ context: 'DEFAULT', tenantId }).catch(() => []);
  const robots = [
    ...ready.map((robot) => seenRobot(robot, settings.robotFilter)),
    ...others.filter(({ id }) => !known.has(id)).map((robot) => notReady(robot, settings.robotFilter)),
  ];
  return { tenant: { ...FINE, id: tenantId, seen: tenants ?? tenantsOf(robots) }, robots };
}

/** Of a long list each robot is read; more time than this nobody waits. */
const LOOK_LIMIT_MS = 60_000;

type Listed = Pick<CatalogueRobot, 'id' | 'code' | 'name' | 'tenantId'>;

function seenRobot(robot: CatalogueRobot, filter: readonly string[]): SeenRobot {
  const canRun = robot.state === 'unprepared';
  return {
    ...listed(robot, filter),
    canRun,
    reason: canRun ? null : { code: 'UNSUPPORTED', message: robot.reason ?? 'This version cannot run it.' },
  };
}

function notReady(robot: Listed, filter: readonly string[]): SeenRobot {
  return {
    ...listed(robot, filter),
    canRun: false,
    reason: { code: 'NOT_READY', message: 'It is not ready on the platform yet.' },
  };
}

function listed({ id, code, name, tenantId }: Listed, filter: readonly string[]) {
  return { id, code, name, tenantId, excluded: !passesFilter({ id, code }, filter) };
}

/** What can be told of the tenants where the platform does not: those whose robots are seen. */
function tenantsOf(robots: readonly SeenRobot[]): Tenant[] {
  const ids = new Set(robots.flatMap(({ tenantId }) => (tenantId === null ? [] : [tenantId])));
  return [...ids].map((id) => ({ id, name: null }));
}

function unknownTenant(tenantId: string): Problem {
  return {
    code: 'TENANT_UNKNOWN',
    message: `These credentials see no tenant ${tenantId}.`,
    hint: 'Check the setting tenantId; leave it out where the credentials see one tenant only.',
  };
}

function failed(problem: Problem): { ok: false; problem: Problem } {
  return { ok: false, problem };
}

async function failureOf(work: Promise<unknown>): Promise<AgentError | null> {
  try {
    await work;
    return null;
  } catch (error) {
    return isAgentError(error) ? error : toAgentError(error);
  }
}
