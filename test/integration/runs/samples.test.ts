import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findHostPython } from '../../../src/platform/assets/find-host-runtimes.ts';
import { loadSamples } from '../../../src/platform/demo-samples.ts';
import type { SeedInput } from '../../../src/platform/seed.ts';
import type { RunDetails } from '../../../src/shared/run.ts';
import { type Lab, type LabTask, startLab } from '../../helpers/lab.ts';
import { entriesOf } from './told.ts';

const samplesDir = join(import.meta.dirname, '../../../assets/samples');
const python = await findHostPython(process.env);

interface Sample {
  code: string;
  dir: string;
  /** Further operations in the sample's own environment; each does what its one argument says. */
  failing: { file: string; source: string; shell: string };
  /** The last line of its traceback or stack's head. */
  exception: RegExp;
}

const FAIL_PYTHON = `
import os, signal, sys
how = sys.argv[1]
print("about to", how)
if how == "exit":
    sys.exit(3)
if how == "signal":
    os.kill(os.getpid(), signal.SIGKILL)
`;

const PYTHON_SAMPLES: Sample[] = [
  {
    code: 'INVOICE_CHECK',
    dir: 'invoice-check',
    failing: {
      file: 'fail.py',
      source: `${FAIL_PYTHON}
from invoice_check.kuflow_task import KuFlowTask
KuFlowTask.from_environment({**os.environ, "KUFLOW_TASK_ID": "00000000-0000-4000-8000-000000000000"}).data
`,
      shell: 'python fail.py',
    },
    exception: /^azure\.core\.exceptions\.HttpResponseError: .*the gateway scope full/m,
  },
  {
    code: 'INBOX_SORTER',
    dir: 'inbox-sorter',
    failing: {
      file: 'fail.py',
      source: `${FAIL_PYTHON}
import json, pathlib
json.loads(pathlib.Path("inbox/01-kettle.eml").read_text())
`,
      shell: 'python fail.py',
    },
    exception: /^json\.decoder\.JSONDecodeError: Expecting value/m,
  },
];

const NODE_SAMPLE: Sample = {
  code: 'ORDERS_DIGEST',
  dir: 'orders-digest',
  failing: {
    file: 'fail.mjs',
    source: `
      import { parse } from 'csv-parse/sync';
      const how = process.argv[2];
      console.log('about to', how);
      if (how === 'exit') process.exit(3);
      if (how === 'signal') process.kill(process.pid, 'SIGKILL');
      else parse('a,"b');
    `,
    shell: 'node fail.mjs',
  },
  exception: /^CsvError: Quote Not Closed/m,
};

const SAMPLES = [...(python ? PYTHON_SAMPLES : []), NODE_SAMPLE];
const WAYS = ['exit', 'exception', 'signal'] as const;

let lab: Lab;
let seedDir: string;

beforeAll(async () => {
  seedDir = mkdtempSync(join(tmpdir(), 'kubot-samples-'));
  await loadSamples({ samplesDir, targetDir: seedDir, python: python?.version ?? null });
  addFailures();
  lab = await startLab({ seedDir, homeName: 'casa ñandú é', settings: { maxConcurrentRuns: 4 } });
});

afterAll(async () => {
  await lab.close();
  rmSync(seedDir, { recursive: true });
});

/** Operations that fail beside the samples' own, and a task for each. */
function addFailures(): void {
  const path = join(seedDir, 'seed.json');
  const seed = JSON.parse(readFileSync(path, 'utf8')) as SeedInput;
  for (const { code, dir, failing } of SAMPLES) {
    writeFileSync(join(seedDir, dir, failing.file), failing.source);
    const manifestPath = join(seedDir, dir, 'kubot.yaml');
    const operations = WAYS.map((way) => `  - name: ${way}\n    shell: ${failing.shell} ${way}\n`).join('');
    const manifest = readFileSync(manifestPath, 'utf8').replace(
      'operations:\n',
      `operations:\n${operations}`,
    );
    writeFileSync(manifestPath, manifest);
    for (const way of WAYS) {
      const definition = `${code} ${way}`;
      seed.processDefinitions?.[0]?.tasks?.push({
        code: definition,
        name: definition,
        robot: code,
        operation: way,
      });
      seed.processes?.[0]?.tasks?.push({ definition });
    }
  }
  writeFileSync(path, JSON.stringify(seed));
}

async function ended(code: string): Promise<{ run: RunDetails; task: LabTask }> {
  const { id } = await lab.task(code);
  const run = await lab.until(id, 'ended');
  return { run, task: await lab.task(id) };
}

function expectDone({ run, task }: { run: RunDetails; task: LabTask }): void {
  expect(run).toMatchObject({
    outcome: 'succeeded',
    error: null,
    exitCode: 0,
    settled: { action: 'completed' },
  });
  expect(task.state).toBe('COMPLETED');
  expect(task.entries.at(-1)?.message).toContain('[end succeeded]');
}

const callsOf = (run: RunDetails) =>
  run.apiCalls.map(({ operationId, status }) => `${operationId} ${status}`);

describe.runIf(python !== null)('the sample with the official SDK', () => {
  test('reads the document of its task, uploads a report and writes what it found to the task', async () => {
    const { run, task } = await ended('INVOICE_CHECK');
    expectDone({ run, task });
    expect(run.runtimes).toEqual({ python: python?.version });
    expect(callsOf(run)).toEqual([
      'retrieveProcessItem 200',
      'downloadProcessDocument 200',
      'uploadProcessDocument 200',
      'retrieveProcessItem 200',
      'updateProcessItemTaskData 200',
    ]);
    expect(task.data).toMatchObject({ invoicesChecked: 13, invoicesWithFindings: 5, findings: 6 });
    const report = await lab.document(run.processId ?? '', String(task.data.report));
    expect(report.toString()).toContain('<td>RE-88177<td>gross is 1323.80');
    const warnings = entriesOf(task, run).filter(({ level }) => level === 'WARN');
    expect(warnings.map(({ text }) => text).join('\n')).toContain(
      'gross is 115.91, but net and VAT make 115.19',
    );
  });
});

describe.runIf(python !== null)('the sample with the standard library alone', () => {
  test('leaves its results in the output folder and its summary in the task', async () => {
    const { run, task } = await ended('INBOX_SORTER');
    expectDone({ run, task });
    expect(task.data).toMatchObject({ letters: 7, folders: { invoices: 2, unsorted: 1 } });
    const out = run.files.filter(({ area }) => area === 'out').map(({ path }) => path);
    expect(out).toContain('index.csv');
    expect(out).toContain('complaints/01-kettle.eml');
    expect(callsOf(run)).toEqual(['retrieveProcessItem 200', 'updateProcessItemTaskData 200']);
  });
});

describe('the sample with a dependency from npm', () => {
  test('reads the document of its task and leaves a page and its sums', async () => {
    const { run, task } = await ended('ORDERS_DIGEST');
    expectDone({ run, task });
    expect(run.runtimes.nodejs).toMatch(/^20\./);
    expect(task.data).toMatchObject({ orderCount: 17, overdueOrders: expect.any(Array) });
    expect(run.files.map(({ area, path }) => `${area}/${path}`)).toContain('out/orders-digest.html');
    expect(callsOf(run)).toEqual([
      'retrieveProcessItem 200',
      'downloadProcessDocument 200',
      'updateProcessItemTaskData 200',
    ]);
  });
});

describe.each(SAMPLES)('a robot like $code', ({ code, exception }) => {
  async function failed(way: (typeof WAYS)[number]) {
    const found = await ended(`${code} ${way}`);
    expect(found.run).toMatchObject({ outcome: 'failed', settled: { action: 'kept' } });
    expect(found.task.state).toBe('CLAIMED');
    expect(found.task.entries.at(-1)).toMatchObject({ level: 'ERROR' });
    expect(found.task.entries.at(-1)?.message).toContain(`[${found.run.error?.code}]`);
    expect(await lab.logText(found.run)).toContain(`INFO about to ${way}`);
    return found;
  }

  test('that exits with 3 fails with its exit code', async () => {
    const { run } = await failed('exit');
    expect(run).toMatchObject({ error: { code: 'ROBOT_EXIT' }, exitCode: 3, signal: null });
  });

  test('that a signal ends fails with the signal', async () => {
    const { run } = await failed('signal');
    expect(run).toMatchObject({ error: { code: 'ROBOT_SIGNAL' }, signal: 'SIGKILL' });
    expect([137, null]).toContain(run.exitCode);
  });

  test('that raises an exception fails, and its task shows the exception as an ERROR', async () => {
    const { run, task } = await failed('exception');
    expect(run).toMatchObject({ error: { code: 'ROBOT_EXIT' }, exitCode: 1, signal: null });
    const errors = entriesOf(task, run).filter(({ level }) => level === 'ERROR');
    expect(errors[0]?.text).toMatch(exception);
    const lines = (await lab.logText(run)).split('\n').filter((line) => line.startsWith('ERROR '));
    expect(lines.map((line) => line.slice('ERROR '.length)).join('\n')).toMatch(exception);
    if (code !== NODE_SAMPLE.code) expect(lines[0]).toBe('ERROR Traceback (most recent call last):');
  });
});
