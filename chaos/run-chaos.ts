import { cpSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { PlatformBehaviour } from '../src/platform/behaviour.ts';
import { type Collector, startCollector } from '../test/helpers/collector.ts';
import { startFaultProxyProcess } from '../test/helpers/fault-proxy-process.ts';
import { AgentHost } from './agent-host.ts';
import { fleetManifest, fleetRoutes, fleetSettings } from './fleet.ts';
import { type ChaosResult, judge } from './judge.ts';
import { makeMutant } from './mutants.ts';
import type { ChaosOptions } from './options.ts';
import { PlatformHost } from './platform-host.ts';
import { untilQuiet } from './quiet.ts';
import { Random } from './random.ts';
import { makeSchedule } from './schedule.ts';
import { openStage, type Stage } from './stage.ts';
import { Storm } from './storm.ts';
import { makeWork } from './work.ts';

const ROOT = join(import.meta.dirname, '..');
/** Tasks that wait, per agent: as many as it runs at once. */
const BACKLOG_PER_AGENT = 2;
const NODE_VERSION = process.versions.node;

/** A storm of `minutes`, then calm until all is done, then the judgement. */
export async function runChaos(options: ChaosOptions, say: (line: string) => void): Promise<ChaosResult> {
  const startedAt = new Date().toISOString();
  const stage = openStage();
  const behaviour = behaviourOf(options.seed);
  const secret = `chaos-secret-${new Random(`secret ${options.seed}`).uuid()}`;
  say(`The platform: ${JSON.stringify(behaviour)}`);
  const collector = await startCollector();
  const platform = await startPlatform(stage, { behaviour, collector, secret });
  const storms: Storm[] = [];
  const hosts = await openHosts(options, stage, platform, (host, event) => storms[0]?.hear(host, event));
  const storm = new Storm({ hosts, platform, seed: options.seed, say });
  storms.push(storm);
  const lengthMs = options.minutes * 60_000;
  const work = new AbortController();
  const making = makeWork({
    platform,
    seed: options.seed,
    backlog: BACKLOG_PER_AGENT * options.agents,
    signal: work.signal,
  });
  for (const host of hosts) host.start();
  await storm.rage(makeSchedule(options.seed, lengthMs, options.agents), lengthMs);
  work.abort();
  await making;
  await storm.mend();
  say('The storm is over; what is left is done in peace.');
  await untilQuiet(platform, hosts);
  await Promise.all(hosts.map((host) => host.drain()));
  say('All agents have drained; now all is checked.');
  return await judge({ options, startedAt, stage, platform, hosts, storm, collector, secret, behaviour });
}

/** What the real platform may do in both ways, it does in one or the other. */
function behaviourOf(seed: number): Partial<PlatformBehaviour> & { appendOnEnded: boolean } {
  const random = new Random(`platform ${seed}`);
  return {
    secondClaim: random.one([200, 409] as const),
    secondComplete: random.one([200, 409] as const),
    appendOnReady: random.chance(0.75),
    appendOnEnded: random.chance(0.5),
    logBound: random.one([500, 500, 60, 20]),
    shape: random.one(['both', 'r24', 'r26'] as const),
  };
}

async function startPlatform(
  stage: Stage,
  facts: { behaviour: Partial<PlatformBehaviour>; collector: Collector; secret: string },
): Promise<PlatformHost> {
  const seedDir = stage.folder('seed');
  cpSync(join(import.meta.dirname, 'robots'), join(seedDir, 'package'), { recursive: true });
  writeFileSync(join(seedDir, 'package', 'kubot.yaml'), fleetManifest(NODE_VERSION));
  const platform = new PlatformHost({
    dataDir: stage.folder('platform'),
    behaviour: facts.behaviour,
    applications: ['An agent of its own'],
  });
  const variables = {
    CHAOS_COLLECTOR: facts.collector.url,
    CHAOS_ID: stage.id,
    CHAOS_API_TOKEN: facts.secret,
  };
  await platform.start({ dir: seedDir, variables });
  return platform;
}

/** The agents share one application's credentials, but for the last of several, which has its own. */
async function openHosts(
  { agents, mutant }: ChaosOptions,
  stage: Stage,
  platform: PlatformHost,
  hear: (host: number, event: Parameters<Storm['hear']>[1]) => void,
): Promise<AgentHost[]> {
  const program =
    mutant === null ? join(ROOT, 'src/cli/main.ts') : makeMutant(mutant, ROOT, stage.folder('mutant'));
  const { applications, tenantId, url } = platform.access;
  const [shared, own] = applications;
  if (!shared || !own) throw new Error('The platform has too few applications');
  const numbers = Array.from({ length: agents }, (_, index) => index + 1);
  return await Promise.all(
    numbers.map(async (number) => {
      const proxy = await startFaultProxyProcess({ target: url, onFault: (event) => hear(number, event) });
      const application = number === agents && agents > 1 ? own : shared;
      return new AgentHost({ number, stage, program, proxy, application, tenantId, settings: SETTINGS });
    }),
  );
}

/** Everything in quick succession; this Node as a local runtime, so that nothing is downloaded. */
const SETTINGS = {
  pollMinMs: 200,
  pollMaxMs: 1000,
  taskCheckMs: 1000,
  diskReserveBytes: 0,
  logIntervalMs: 50,
  cancelGraceMs: 2000,
  logLevel: 'debug',
  routes: fleetRoutes(),
  robots: fleetSettings(),
  localRuntimes: { nodejs: { [NODE_VERSION]: dirname(dirname(process.execPath)) } },
};
