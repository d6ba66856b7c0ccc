import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRunLog, type RunLog } from '../../../../src/agent/logs/log-pipeline.ts';
import { type Shipper, startShipper } from '../../../../src/agent/logs/shipper.ts';
import type { ShipperOptions, ShippingStop } from '../../../../src/agent/logs/shipper-ports.ts';
import { Clock, TaskLog } from './task-log.ts';

export const MINUTE = 60_000;

interface Ship {
  shipper: Shipper;
  log: RunLog;
  print: (text: string, stream?: 'stdout' | 'stderr') => void;
  finish: (outcome?: 'succeeded' | 'failed') => ReturnType<Shipper['finish']>;
}

export interface ShipYard {
  dir: string;
  clock: Clock;
  task: TaskLog;
  /** What shippers told of: that they stopped, and bounds of the server. */
  stops: ShippingStop[];
  bounds: number[];
  optionsOf: (changes: Partial<ShipperOptions>) => ShipperOptions;
  /** A shipper with the run log that it ships. */
  ship: (changes?: Partial<ShipperOptions>) => Ship;
  /** All the text of the task's log, marks taken off. */
  told: () => string[];
  close: () => void;
}

/** A task on a platform, a clock that stands, and shippers between a run log and both. */
export function openShipYard(): ShipYard {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-shipper-'));
  const clock = new Clock();
  const task = new TaskLog(clock.now);
  const stops: ShippingStop[] = [];
  const bounds: number[] = [];
  let position: unknown = null;
  const optionsOf = (changes: Partial<ShipperOptions>): ShipperOptions => ({
    runId: '01890000-0000-7000-8000-0000deadbeef',
    taskId: 'task',
    processId: 'process',
    hostName: 'PC-12',
    runLogPath: join(dir, 'run.log'),
    api: task.api,
    position: { load: () => position, save: (value) => (position = structuredClone(value)) },
    maxEntries: 200,
    entryBytes: 2048,
    intervalMs: 1000,
    heartbeatMs: 10 * MINUTE,
    documentMaxBytes: 50 * 1024 * 1024,
    runTimeoutMs: 24 * 60 * MINUTE,
    startedAtMs: clock.now(),
    knownBound: null,
    now: clock.now,
    sleep: clock.sleep,
    random: () => 0.5,
    onStopped: (stop) => stops.push(stop),
    onServerBound: (entries) => bounds.push(entries),
    ...changes,
  });
  const ship = (changes: Partial<ShipperOptions> = {}): Ship => {
    const options = optionsOf(changes);
    const shipper = startShipper(options);
    const log = createRunLog({
      path: options.runLogPath,
      secrets: [],
      now: clock.now,
      onBlock: (block, scan) => shipper.offer(block, scan),
    });
    return {
      shipper,
      log,
      print: (text, stream = 'stdout') => {
        log.write(stream, Buffer.from(text));
        log.flush();
      },
      finish: async (outcome = 'succeeded') => {
        log.end();
        clock.running = true;
        return await shipper.finish({ outcome, summary: 'Over.', keepUntil: '2026-01-15T00:00:00Z' });
      },
    };
  };
  return {
    dir,
    clock,
    task,
    stops,
    bounds,
    optionsOf,
    ship,
    told: () => task.messages.flatMap((message) => message.replace(/ ·[0-9a-f]{8}\/\d+$/, '').split('\n')),
    close: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export function numbered(count: number, text = 'line'): string {
  return Array.from({ length: count }, (_, index) => `${text} ${index + 1}\n`).join('');
}
