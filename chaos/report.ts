import { copyFileSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CollectedLine } from '../test/helpers/collector.ts';
import type { AgentHost } from './agent-host.ts';
import type { ChaosResult } from './judge.ts';
import { replayCommand } from './options.ts';

/** One line a violation, then one with the figures. */
export function reportOf({ violations, figures, options }: ChaosResult): string {
  const lines = violations.map(({ check, about, message }) => `VIOLATION ${check} ${about}: ${message}`);
  if (violations.length > 0) lines.push(`seed ${options.seed}; again: ${replayCommand(options)}`);
  const count = (name: string, unit: string) => `${(figures[name] ?? 0).toLocaleString('en')} ${unit}`;
  const all = [
    count('runs', 'runs'),
    count('lost', 'of them lost'),
    count('kills', 'kills'),
    count('killsAtCalls', 'of hits at a call'),
    count('networkFaults', 'network faults'),
    count('requestsWithFaults', 'requests hit'),
    count('stops', 'stops'),
    count('drains', 'drains'),
    count('platformKills', 'kills of the platform'),
    count('rowsTold', 'lines of robots told'),
    count('linesLeftOut', 'lines left out and counted'),
    `${violations.length} violations`,
  ];
  return `${lines.join('\n')}${lines.length > 0 ? '\n' : ''}${all.join(', ')}\n`;
}

/** The figures; after a violation also what shows it. */
export function keepEvidence(
  dir: string,
  result: ChaosResult,
  scene: { hosts: readonly AgentHost[]; platformDir: string; lines: readonly CollectedLine[] },
): void {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, `chaos-${result.options.seed}.json`), `${JSON.stringify(result, null, 2)}\n`);
  if (result.violations.length === 0) return;
  const texts = scene.lines.map(({ at, text }) => `${new Date(at).toISOString()} ${text}\n`);
  writeFileSync(join(dir, 'collector.txt'), texts.join(''));
  copyDatabase(join(scene.platformDir, 'platform.db'), join(dir, 'platform.db'));
  for (const { number, home, stderrPath } of scene.hosts) {
    const to = join(dir, `agent-${number}`);
    mkdirSync(to, { recursive: true });
    copyDatabase(join(home, 'journal.db'), join(to, 'journal.db'));
    for (const folder of ['logs', 'runs'])
      if (existsSync(join(home, folder))) cpSync(join(home, folder), join(to, folder), { recursive: true });
    copyFileSync(stderrPath, join(to, 'stderr.txt'));
  }
}

function copyDatabase(from: string, to: string): void {
  for (const suffix of ['', '-wal']) if (existsSync(from + suffix)) copyFileSync(from + suffix, to + suffix);
}
