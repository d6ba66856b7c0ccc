import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeLogDocument } from '../../../../src/agent/logs/log-document.ts';
import { createRunLog } from '../../../../src/agent/logs/log-pipeline.ts';

let dir: string;
let runLogPath: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-document-'));
  runLogPath = join(dir, 'run.log');
  path = join(dir, 'run.log.gz');
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function writeRunLog(...chunks: string[]): void {
  const log = createRunLog({
    path: runLogPath,
    secrets: [],
    now: () => Date.parse('2026-01-02T03:04:05.678Z'),
  });
  for (const chunk of chunks) log.write('stdout', Buffer.from(chunk));
  log.agentLine('WARN', 'mine');
  log.end();
}

/** Lines that hardly shrink: each of other digits. */
function manyLines(count: number): string[] {
  let state = 1;
  return Array.from({ length: count }, (_, index) => {
    let text = `${index + 1} `;
    for (let part = 0; part < 12; part++) {
      state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
      text += state.toString(36);
    }
    return `${text}\n`;
  });
}

function documentText(): string {
  return gunzipSync(readFileSync(path)).toString();
}

describe('the document of a run', () => {
  test('has each line with its time, level and stream', async () => {
    writeRunLog('one ñ\n', 'ERROR two\n');
    const bytes = await writeLogDocument({ runLogPath, path, maxBytes: 1e6 });
    expect(documentText()).toBe(
      '2026-01-02T03:04:05.678Z INFO  stdout one ñ\n' +
        '2026-01-02T03:04:05.678Z ERROR stdout ERROR two\n' +
        '2026-01-02T03:04:05.678Z WARN  agent mine\n',
    );
    expect(bytes).toEqual({ bytes: statSync(path).size, linesLeftOut: 0 });
    expect(readdirSync(dir).sort()).toEqual(['run.log', 'run.log.gz']);
  });

  test.skipIf(process.platform === 'win32')('is for its owner alone', async () => {
    writeRunLog('one\n');
    await writeLogDocument({ runLogPath, path, maxBytes: 1e6 });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test('of no lines is an empty text', async () => {
    expect(await writeLogDocument({ runLogPath, path, maxBytes: 1e6 })).toMatchObject({ linesLeftOut: 0 });
    expect(documentText()).toBe('');
  });

  test('that would be too large has the first and the last lines, and says how many are missing', async () => {
    writeRunLog(...manyLines(50_000));
    const maxBytes = 1_500_000;
    const { bytes, linesLeftOut } = await writeLogDocument({ runLogPath, path, maxBytes });
    expect(bytes).toBe(statSync(path).size);
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    expect(bytes).toBeGreaterThan(maxBytes / 3);
    const lines = documentText().split('\n').slice(0, -1);
    const gap = lines.findIndex((line) => line.startsWith('… '));
    expect(lines[gap]).toBe(
      `… ${linesLeftOut.toLocaleString('en')} lines left out: this document has a size limit`,
    );
    expect(lines.length - 1 + linesLeftOut).toBe(50_001);
    const numbers = lines.flatMap((line) => / stdout (\d+) /.exec(line)?.[1] ?? []).map(Number);
    expect([numbers[0], numbers.at(-1)]).toEqual([1, 50_000]);
    expect(numbers.every((number, index) => index === 0 || number > (numbers[index - 1] ?? 0))).toBe(true);
    expect([gap > 0, lines.at(-1)?.endsWith('agent mine')]).toEqual([true, true]);
  });

  test('is written anew over one that is there', async () => {
    writeRunLog(...manyLines(1000));
    await writeLogDocument({ runLogPath, path, maxBytes: 1e6 });
    rmSync(runLogPath);
    writeRunLog('one\n');
    await writeLogDocument({ runLogPath, path, maxBytes: 1e6 });
    expect(documentText().split('\n')).toHaveLength(3);
  });
});

describe('a document that cannot be written', () => {
  test('is a failure, for want of its folder', async () => {
    writeRunLog('one\n');
    await expect(
      writeLogDocument({ runLogPath, path: join(dir, 'gone', 'run.log.gz'), maxBytes: 1e6 }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test.runIf(process.platform === 'linux')(
    'is a failure on a full disk, and leaves nothing behind',
    async () => {
      writeRunLog('one\n');
      symlinkSync('/dev/full', `${path}.members`);
      await expect(writeLogDocument({ runLogPath, path, maxBytes: 1e6 })).rejects.toMatchObject({
        code: 'ENOSPC',
      });
      expect(existsSync(`${path}.members`)).toBe(false);
    },
  );
});
