import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Agent } from '../../agent/agent.ts';
import { applyNetworkSettings } from '../../agent/config/apply-network-settings.ts';
import { loadConfig } from '../../agent/config/compile-config.ts';
import { takeHomeLock } from '../../agent/home/home-lock.ts';
import { homePaths } from '../../agent/home/home-paths.ts';
import { prepareHome } from '../../agent/home/prepare-home.ts';
import { closeInheritedDescriptors } from '../../agent/process/close-inherited-descriptors.ts';
import { createAssetProvider } from '../../platform/assets/create-asset-provider.ts';
import { findHostPython } from '../../platform/assets/find-host-runtimes.ts';
import { type LoadedSamples, loadSamples } from '../../platform/demo-samples.ts';
import { ownAssets } from '../../platform/own-assets.ts';
import { startPlatform } from '../../platform/start-platform.ts';
import { AgentError } from '../../shared/errors.ts';
import { assetLog } from '../asset-log.ts';
import type { Context } from '../context.ts';
import { closingLines, type DemoTask, listDemoTasks, resultOfTasks } from '../demo/demo-result.ts';
import { followDemo } from '../demo/follow-demo.ts';
import { EXIT } from '../exit-codes.ts';
import { settingFlags } from '../setting-flags.ts';
import { listenForStop, type StopSignals } from '../stop-signals.ts';
import { count, printable } from '../text.ts';
import { version } from '../version.ts';

/** The demo's platform is in this process: an answer that takes longer will not come. */
const GIVE_UP_AFTER_MS = 60_000;

/** Platform, agent and sample robots, from tasks to completed tasks. */
export async function demo(context: Context, _args: [], options: Record<string, unknown>): Promise<number> {
  const { demoHomeDir: home, environment, terminal } = context;
  const stop = listenForStop();
  closeInheritedDescriptors();
  prepareHome(home);
  assertFree(home);
  terminal.progress(terminal.style('bold', 'KuBot Runner demo'));
  const seedDir = await mkdtemp(join(home, 'demo-seed-'));
  const closers: (() => Promise<void>)[] = [() => rm(seedDir, { recursive: true, force: true })];
  try {
    const samples = await chooseSamples(context, seedDir);
    const platform = await startPlatform({
      port: 0,
      dataDir: join(home, 'platform'),
      seedDir: samples.seedDir,
      assets: createAssetProvider({
        cacheDir: join(home, 'platform-assets'),
        environment,
        log: assetLog(terminal),
      }),
    });
    closers.push(() => platform.close());
    const tasks = listDemoTasks(samples.seed);
    terminal.progress(`Platform  ${platform.url}, ${count(tasks.length, 'task')} to do`);
    const config = loadConfig({
      flags: settingFlags(options),
      environment: demoEnvironment(environment, platform, tasks),
      home,
      cwd: context.cwd,
    });
    applyNetworkSettings(config.settings, config.endpoint, environment);
    const { createAgent } = await import('../../agent/create-agent.ts');
    const agent = createAgent(config, { environment });
    closers.push(() => agent.close());
    const unfollow = followDemo(agent, terminal);
    closers.push(unfollow);
    await agent.start();
    if (options.stay === true) {
      await stayUntilStopped(agent, stop);
      return 0;
    }
    await runToTheEnd(agent, stop.first);
    await unfollow();
    const results = await resultOfTasks(agent.handlers, tasks);
    const ok = results.length > 0 && results.every(({ isCompleted }) => isCompleted);
    terminal.json({ ok, tasks: results.map(({ view }) => view) });
    terminal.lines(closingLines(results, { ok, home, leftOut: samples.leftOut }));
    return ok ? 0 : EXIT.runFailed;
  } finally {
    // Last opened, first closed: the agent reports to the platform until its end.
    for (const close of closers.reverse()) await close();
    stop.dispose();
  }
}

/** For whoever looks around in it: the agent stays when its tasks are done. */
async function stayUntilStopped(agent: Agent, stop: StopSignals): Promise<void> {
  await stop.first;
  const drained = agent.drain().then(() => false);
  const isAskedTwice = await Promise.race([drained, stop.second.then(() => true)]);
  if (isAskedTwice) await agent.cancelAll('The demo was asked twice to stop.');
}

async function runToTheEnd(agent: Agent, stopped: Promise<void>): Promise<void> {
  const done = await Promise.race([
    agent.untilDone({ giveUpAfterMs: GIVE_UP_AFTER_MS }),
    stopped.then(() => null),
  ]);
  if (done === null) {
    await agent.cancelAll('The demo was interrupted.');
    throw new AgentError('INTERRUPTED', 'The demo was interrupted; what ran is ended.');
  }
  if (done.error !== null) throw done.error;
}

/**
 * Before anything is made in a home that another demo works in.
 * @throws AgentError HOME_LOCKED
 */
function assertFree(home: string): void {
  takeHomeLock(homePaths(home), {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    socketPath: null,
    version,
  }).release();
}

async function chooseSamples({ environment, terminal }: Context, targetDir: string): Promise<LoadedSamples> {
  const python = await findHostPython(environment);
  const samples = await loadSamples({
    samplesDir: ownAssets('samples'),
    targetDir,
    python: python?.version ?? null,
  });
  for (const { robot, reason } of samples.leftOut) {
    terminal.progress(`Left out  ${printable(robot)}: ${printable(reason)}`);
  }
  return samples;
}

/** The person's own connection and routes are for the person's own agent. */
function demoEnvironment(
  environment: Context['environment'],
  platform: { url: string; clientId: string; clientSecret: string; tenantId: string },
  tasks: readonly DemoTask[],
): Context['environment'] {
  const routes = Object.fromEntries(
    tasks.map(({ definition, robot, operation }) => [
      definition,
      { robot, ...(operation === null ? {} : { operation }) },
    ]),
  );
  return {
    ...environment,
    KUBOT_API_ENDPOINT: platform.url,
    KUBOT_CLIENT_ID: platform.clientId,
    KUBOT_CLIENT_SECRET: platform.clientSecret,
    KUBOT_CLIENT_SECRET_FILE: '',
    KUBOT_CLIENT_SECRET_KEYRING: '',
    KUBOT_TENANT_ID: platform.tenantId,
    KUBOT_ROUTES: JSON.stringify(routes),
    KUBOT_ROBOT_FILTER: '',
    KUBOT_ENGINE_ADDRESS: '',
  };
}
