import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { Driver, type Finding } from '../driver.ts';
import type { LogPathJob } from '../drivers/log-path.ts';
import { atMostTimes, type Row, under } from '../measure.ts';
import { startTimer } from '../timer.ts';
import { onLinux, quoted, withTools } from '../tools.ts';
import type { Workbench } from '../workbench.ts';

const LINES = 1_000_000;
const SECRETS = Array.from({ length: 20 }, (_, at) => `token-${at}-${(at * 7919 + 1e7).toString(36)}`);
const PRINT = join(import.meta.dirname, '..', 'bare', 'print.mjs');
const BLOCK_BYTES = 64 * 1024;
const LINE_BYTES = 100;

/** A million lines of 100 bytes, from a robot's write to the run log, masked with 20 secrets and split. */
export async function createRows(workbench: Workbench): Promise<Row[]> {
  const dir = workbench.folder('log-path');
  const outPath = join(dir, 'out');
  const timer = startTimer(workbench);
  const shell = async (line: string) => {
    const ms = await timer.timeShell(line);
    rmSync(outPath);
    return ms;
  };
  const drive = async (way: LogPathJob['way'], [file, ...args]: readonly string[]): Promise<Finding> => {
    const driver = new Driver(workbench.fork('drivers/log-path.ts'));
    const job: LogPathJob = { way, file: file ?? '', args, secrets: SECRETS, outPath, lines: LINES };
    const finding = await driver.ask(job);
    await driver.close();
    rmSync(outPath);
    return finding;
  };
  const robot = (writeBytes: number, beginning: string) => [
    process.execPath,
    PRINT,
    String(LINES),
    String(writeBytes),
    beginning,
    SECRETS[0] ?? '',
  ];
  const blocks = robot(BLOCK_BYTES, '2026-01-01 12:00:00,000 step');
  const logged = robot(BLOCK_BYTES, '2026-01-01 12:00:00,000 INFO worker: step');
  const singly = robot(LINE_BYTES, '2026-01-01 12:00:00,000 step');
  const blockRow = (name: string, command: readonly string[]): Row => ({
    name,
    unit: 'ms',
    limit: withTools(['cat', 'sh'], {
      name: '`child | cat > file`',
      round: () => shell(`${quoted(command)} | cat > ${quoted([outPath])}`),
    }),
    plain: {
      name: 'Node with readline and `replaceAll` for each secret',
      round: async () => (await drive('script', command)).ms,
    },
    ours: {
      name: 'contained child → run log',
      round: async () => (await drive('ours', command)).ms,
    },
    goal: atMostTimes(4, 'limit', 'the limit'),
    rounds: 5,
  });
  const memory = async (way: LogPathJob['way']) => {
    const { mb } = await drive(way, blocks);
    if (mb === null || mb === undefined) throw new Error('The system does not tell how much memory was used');
    return mb;
  };
  return [
    blockRow('log path, blocks of 64 KB', blocks),
    blockRow('log path, blocks, each line with its level', logged),
    {
      name: 'log path, a write per line',
      unit: 'ms',
      limit: withTools(['sh'], {
        name: '`child > file`',
        round: () => shell(`${quoted(singly)} > ${quoted([outPath])}`),
      }),
      plain: {
        name: 'Node with readline and `replaceAll` for each secret',
        round: async () => (await drive('script', singly)).ms,
      },
      ours: {
        name: 'contained child → run log',
        round: async () => (await drive('ours', singly)).ms,
      },
      goal: atMostTimes(1.5, 'limit', 'the limit'),
      rounds: 3,
    },
    {
      name: 'log path, memory',
      unit: 'MB',
      limit: onLinux({
        name: 'Node that writes what it reads as it is',
        round: () => memory('raw'),
      }),
      plain: onLinux({
        name: 'Node with readline and `replaceAll` for each secret',
        round: () => memory('script'),
      }),
      ours: onLinux({ name: 'contained child → run log, at its peak', round: () => memory('ours') }),
      goal: under(40, 'MB'),
      rounds: 3,
      close: () => timer.close(),
    },
  ];
}
