import type { PlatformBehaviour } from '../src/platform/behaviour.ts';
import type { Collector } from '../test/helpers/collector.ts';
import type { AgentHost } from './agent-host.ts';
import { checkLeftovers } from './checks/check-leftovers.ts';
import { checkLogs } from './checks/check-logs.ts';
import { checkRuns } from './checks/check-runs.ts';
import { checkTasks } from './checks/check-tasks.ts';
import type { Violation } from './checks/violation.ts';
import { gatherEvidence } from './evidence.ts';
import { PERSON } from './fleet.ts';
import type { ChaosOptions } from './options.ts';
import type { PlatformHost } from './platform-host.ts';
import { keepEvidence } from './report.ts';
import type { Stage } from './stage.ts';
import type { Storm } from './storm.ts';

export interface ChaosResult {
  startedAt: string;
  endedAt: string;
  options: ChaosOptions;
  behaviour: Partial<PlatformBehaviour>;
  figures: Record<string, number>;
  violations: Violation[];
}

export interface Scene {
  options: ChaosOptions;
  startedAt: string;
  stage: Stage;
  platform: PlatformHost;
  hosts: readonly AgentHost[];
  storm: Storm;
  collector: Collector;
  secret: string;
  behaviour: Partial<PlatformBehaviour> & { appendOnEnded: boolean };
}

/** Checks all invariants, once everything is quiet and the agents have drained. Ends what still runs. */
export async function judge(scene: Scene): Promise<ChaosResult> {
  const { options, startedAt, stage, platform, hosts, storm, collector, secret, behaviour } = scene;
  const { record } = storm;
  const lines = await collector.lines();
  const platformDir = stage.folder('platform');
  const evidence = gatherEvidence({ platformDir, hosts, lines });
  const { appendOnEnded } = behaviour;
  const hostOf = (number: number) => {
    const host = hosts[number - 1];
    if (!host) throw new Error(`There is no agent ${number}`);
    return host;
  };
  const logs = await checkLogs({
    evidence,
    deliveredLate: storm.deliveredLate,
    appendOnEnded,
    homeOf: (number) => hostOf(number).home,
    download: (processId, documentUri) => download(platform, processId, documentUri),
  });
  const personId = await findPerson(platform);
  const counts = await Promise.all(hosts.map(({ proxy }) => proxy.counts()));
  await Promise.all([...hosts.map(({ proxy }) => proxy.close()), collector.close(), platform.kill()]);
  const { applications } = platform.access;
  const violations = [
    ...checkTasks({
      evidence,
      principals: new Set(applications.map(({ principalId }) => principalId)),
      personId,
      takenAway: record.takenAway,
      appendOnEnded,
    }),
    ...checkRuns({ evidence, endsOf: (number) => hostOf(number).ends }),
    ...logs.violations,
    ...checkLeftovers({
      hosts,
      stageId: stage.id,
      own: new Set([process.pid]),
      secrets: {
        "the robots' secret": secret,
        ...Object.fromEntries(
          applications.map((one, index) => [`client secret ${index + 1}`, one.clientSecret]),
        ),
      },
      told: evidence.tasks.map(({ id, entries }) => ({
        where: id,
        text: entries.map(({ message }) => message).join('\n'),
      })),
    }),
    ...record.survivors.map((message) => ({ check: 'survivor', about: 'a robot', message })),
    ...platform.surprises.map((message) => ({ check: 'platform', about: 'the platform', message })),
  ];
  const figures = {
    tasks: evidence.tasks.length,
    runs: evidence.runs.length,
    starts: evidence.words.filter(({ phase }) => phase === 'start').length,
    lost: evidence.runs.filter(({ outcome }) => outcome === 'lost').length,
    kills: record.kills,
    killsAtCalls: record.trapped,
    stops: record.freezes,
    drains: record.drains,
    networkFaults: record.networkFaults,
    requests: counts.reduce((sum, { requests }) => sum + requests, 0),
    requestsWithFaults: counts.reduce((sum, { faults }) => sum + faults, 0),
    platformKills: record.platformKills,
    takenAway: record.takenAway.size,
    rowsTold: logs.figures.rows,
    linesLeftOut: logs.figures.leftOut,
  };
  const result = { startedAt, endedAt: new Date().toISOString(), options, behaviour, figures, violations };
  if (options.out !== null) keepEvidence(options.out, result, { hosts, platformDir, lines });
  return result;
}

async function download(platform: PlatformHost, processId: string, documentUri: string): Promise<Buffer> {
  const query = new URLSearchParams({ documentUri });
  const answer = await platform.fetch(`/processes/${processId}/~actions/download-document?${query}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function findPerson(platform: PlatformHost): Promise<string> {
  const page = await platform.ask<{ content: { id: string; name: string }[] }>('/principals?size=100');
  return page.content.find(({ name }) => name === PERSON.name)?.id ?? '';
}
