import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findHostPython } from '../../../src/platform/assets/find-host-runtimes.ts';
import { findNpm } from '../../../src/platform/assets/npm-registry.ts';

const run = promisify(execFile);

const samplesDir = join(import.meta.dirname, '..', '..', '..', 'assets', 'samples');
const python = await findHostPython(process.env);

let dir: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'kubot-sample-'));
});

afterEach(() => rm(dir, { recursive: true, force: true }));

describe.skipIf(python === null)('inbox-sorter', () => {
  it('sorts each letter into the folder of its rule and keeps an index', async () => {
    const { stdout, stderr } = await runPython('inbox-sorter', ['sort_inbox.py', '--output-dir', dir]);
    expect(stdout.trim().split('\n').at(-1)).toBe(
      'Sorted: 1 applications, 2 complaints, 2 invoices, 1 orders, 1 unsorted',
    );
    expect(stderr.trim()).toBe('WARNING no rule fits 05-lunch.eml: Menú de la semana');
    expect(await readdir(join(dir, 'complaints'))).toEqual(['01-kettle.eml', '06-lamp.eml']);
    const index = await readFile(join(dir, 'index.csv'), 'utf8');
    expect(index).toContain('05-lunch.eml,unsorted,,Café Central <hola@example.com>,Menú de la semana');
  });

  it('adds its summary to what the task holds already', async () => {
    const task = await serveTask({ mailbox: 'office' });
    try {
      await runPython('inbox-sorter', ['sort_inbox.py', '--output-dir', dir], task.environment);
      expect(task.requests).toEqual([
        'GET /v2024-06-14/process-items/task-1 Bearer secret',
        'PUT /v2024-06-14/process-items/task-1/task/data Bearer secret',
      ]);
      expect(task.data()).toEqual({
        mailbox: 'office',
        letters: 7,
        folders: { applications: 1, complaints: 2, invoices: 2, orders: 1, unsorted: 1 },
      });
    } finally {
      await task.close();
    }
  });
});

describe.skipIf(python === null)('invoice-check', () => {
  it('warns of each invoice of its sample that does not add up, and writes a report', async () => {
    const { stderr } = await runPython('invoice-check', ['-m', 'invoice_check', '--output-dir', dir]);
    expect(stderr.match(/WARNING .*/g)).toEqual([
      'WARNING 2026-0318: gross is 115.91, but net and VAT make 115.19',
      'WARNING RE-88177: gross is 1323.80, but net and VAT make 1332.80',
      "WARNING F2026-204: VAT number 'FR33123456789' has a wrong check digit",
      'WARNING RE-88121: the same invoice of Nordlicht Bürobedarf GmbH is listed already',
      "WARNING 83/2026: VAT number 'IT1234567001' does not have the form of IT",
      'WARNING TOTAL: gross total is 10250.03, but the rows make 10241.75',
    ]);
    expect(stderr).toContain('5 of 13 invoices need a look');
    expect(await readFile(join(dir, 'invoice-report.html'), 'utf8')).toContain(
      '<td>RE-88177<td>gross is 1323.80',
    );
  });

  // Each beside itself with one slip of the pen.
  it.each([
    ['DE123456788', 'DE123456789'],
    ['DE 123 456 788', 'DE 123 465 788'],
    ['ESB12345674', 'ESB12345675'],
    ['ES12345678Z', 'ES12345678A'],
    ['ESX1234567L', 'ESX1234567M'],
    ['FR32123456789', 'FR33123456789'],
    ['IT12345670017', 'IT12345670018'],
    ['PT500123454', 'PT500123455'],
  ])('accepts the VAT number %s and refuses %s', async (right, wrong) => {
    const code =
      'import sys; from invoice_check import vat_ids; print([len(vat_ids.check(v)) for v in sys.argv[1:]])';
    const { stdout } = await runPython('invoice-check', ['-c', code, right, wrong]);
    expect(stdout.trim()).toBe('[0, 1]');
  });
});

describe('orders-digest', () => {
  let packageDir: string;

  beforeAll(async () => {
    packageDir = await mkdtemp(join(tmpdir(), 'kubot-orders-'));
    await cp(join(samplesDir, 'orders-digest'), packageDir, { recursive: true });
    const npm = await findNpm(process.env);
    await run(process.execPath, [npm?.cliPath ?? 'npm', 'ci', '--no-audit'], { cwd: packageDir });
  });

  afterAll(() => rm(packageDir, { recursive: true, force: true }));

  it('sums up the orders of the task, names the overdue ones and tells the task', async () => {
    const task = await serveTask({ orders: 'kuflow-file:uri=orders;type=text/csv;size=9;name=orders.csv;' }, [
      'id,date,customer,category,quantity,unit_price,paid',
      '1,2026-01-01,"Müller & Söhne, Köln",Coffee,3,0.10,no',
      '2,2026-02-15,Café <Sol>,Tea,1,0.20,yes',
    ]);
    try {
      const { stdout, stderr } = await run(process.execPath, ['digest.mjs'], {
        cwd: packageDir,
        env: { ...task.environment, KUFLOW_EXECUTION_OUTDIR: dir },
      });
      expect(stdout).toContain('2 orders read\n  Coffee: 0.30\n  Tea: 0.20\n');
      expect(stderr.trim()).toBe('WARNING order 1 of Müller & Söhne, Köln is 45 days unpaid');
      expect(task.data()).toMatchObject({
        orderCount: 2,
        revenue: '0.50',
        bestCustomer: 'Müller & Söhne, Köln',
        overdueOrders: ['1'],
      });
      expect(await readFile(join(dir, 'orders-digest.html'), 'utf8')).toContain('Café &#60;Sol&#62;');
    } finally {
      await task.close();
    }
  });

  it('reads its sample orders when it was started without a task', async () => {
    const env = { KUFLOW_EXECUTION_OUTDIR: dir };
    const { stdout } = await run(process.execPath, ['digest.mjs'], { cwd: packageDir, env });
    expect(stdout).toContain('17 orders read');
    expect(await readdir(dir)).toEqual(['orders-digest.html']);
  });
});

function runPython(sample: string, args: string[], environment: Record<string, string> = {}) {
  return run(python?.path ?? '', args, {
    cwd: join(samplesDir, sample),
    env: { PYTHONUTF8: '1', PYTHONDONTWRITEBYTECODE: '1', ...environment },
  });
}

/** A server that knows one task and one document, and the variables that lead a robot to it. */
async function serveTask(initial: object, documentLines: string[] = []) {
  let data: unknown = initial;
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url} ${request.headers.authorization}`);
    void text(request).then((body) => {
      if (request.method === 'PUT') data = JSON.parse(body).data.value;
      const isDocument = request.url?.includes('/download-document?documentUri=kuflow-file') ?? false;
      const item = { id: 'task-1', task: { state: 'CLAIMED', data: { value: data } } };
      response.end(isDocument ? documentLines.join('\n') : JSON.stringify(item));
    });
  });
  const port = await listen(server);
  return {
    requests,
    data: () => data,
    close: () => new Promise((resolve) => server.close(resolve)),
    environment: {
      KUFLOW_API_ENDPOINT: `http://127.0.0.1:${port}/v2024-06-14`,
      KUFLOW_API_TOKEN: 'secret',
      KUFLOW_PROCESS_ID: 'process-1',
      KUFLOW_TASK_ID: 'task-1',
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
