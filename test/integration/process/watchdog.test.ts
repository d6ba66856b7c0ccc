import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseStat } from '../../../src/agent/process/process-table.ts';
import { nodeRobot, startLab } from '../../helpers/lab.ts';
import { survivorsOf } from '../runs/survivors.ts';

const fixtures = resolve(import.meta.dirname, '../../fixtures/processes');
const python = ['/usr/bin/python3', '/usr/local/bin/python3'].find(existsSync);
/** The figure is 1 s (docs/security.md); a busy machine gets a second more. */
const DEAD_MS = 2000;
const KINDS = ['deaf', 'own-session', 'daemon', 'cleared'];

let dir: string;
let agent: ChildProcess | undefined;
let said: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-watch-'));
  said = '';
});
afterEach(() => {
  agent?.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

async function until(what: string, holds: () => boolean): Promise<void> {
  const end = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > end) throw new Error(`Never: ${what}. ${said}`);
    await wait(5);
  }
}

/** With a robot of each kind, all of which are up. */
async function startAgent(): Promise<ChildProcess> {
  const args = [join(fixtures, 'watched-agent.ts'), dir, python ?? '', join(fixtures, 'tree.py'), ...KINDS];
  const started = spawn(process.execPath, ['--no-warnings', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  agent = started;
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (part) => {
      said += String(part);
    });
  }
  const upOf = (kind: string) => (kind === 'deaf' ? ['parent'] : ['parent', 'child']);
  await until('all are up', () =>
    KINDS.every((kind) => upOf(kind).every((who) => existsSync(join(dir, kind, who)))),
  );
  return started;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

/** '' for one that is dead. */
const commandLine = (pid: number | string) => read(`/proc/${pid}/cmdline`);

/** The living children of an agent that watch it. */
function watchdogs(agentPid = agent?.pid): number[] {
  return readdirSync('/proc')
    .filter((pid) => commandLine(pid).includes('watch-agent'))
    .filter((pid) => parseStat(read(`/proc/${pid}/stat`))?.parentPid === agentPid)
    .map(Number);
}

/** The agent names the folder without its end. */
const robots = () => survivorsOf(`${dir}/`);

describe.runIf(process.platform === 'linux' && python !== undefined)('robots in groups', () => {
  test('die with an agent that was killed, whatever they did to leave', async () => {
    const started = await startAgent();
    expect(robots().length).toBeGreaterThan(KINDS.length);
    const [watchdog = 0] = watchdogs();
    started.kill('SIGKILL');
    const killedAt = performance.now();
    await until('all are dead', () => robots().length === 0);
    expect(performance.now() - killedAt).toBeLessThan(DEAD_MS);
    await until('the watchdog ended', () => commandLine(watchdog) === '');
  });

  test('die also when the watchdog had been killed before: another took its place', async () => {
    const started = await startAgent();
    process.kill(watchdogs()[0] ?? 0, 'SIGKILL');
    await until('another knows them', () => said.includes('ended (SIGKILL); another was started'));
    started.kill('SIGKILL');
    await until('all are dead', () => robots().length === 0);
  });
});

test.runIf(process.platform === 'linux')(
  'an agent without bubblewrap has a watchdog from its first robot to its own end',
  async () => {
    const lab = await startLab({
      robots: { WORK: nodeRobot("console.log('ran')") },
      overrides: { bwrapPaths: [] },
    });
    try {
      await lab.work();
      expect((await lab.run('WORK')).outcome).toBe('succeeded');
      const [watchdog = 0, ...more] = watchdogs(process.pid);
      expect({ watchdog: watchdog > 0, more }).toEqual({ watchdog: true, more: [] });
      await lab.agent.close();
      await until('it ended', () => commandLine(watchdog) === '');
    } finally {
      await lab.close();
    }
  },
);
