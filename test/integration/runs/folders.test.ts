import { userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from '../../helpers/fault-proxy.ts';
import { type Lab, nodeRobot, startLab } from '../../helpers/lab.ts';

let lab: Lab;
let proxy: FaultProxy;

const WRITES = `
  import { mkdirSync, writeFileSync } from 'node:fs';
  const out = process.env.KUFLOW_EXECUTION_OUTDIR;
  mkdirSync(out + '/more');
  writeFileSync(out + '/totals.csv', 'a,b');
  writeFileSync(out + '/more/page.html', '<p>ñ</p>');
  writeFileSync(out + '/too-much.bin', 'x');
  console.log('home is ' + process.env.HOME);
`;

beforeAll(async () => {
  lab = await startLab({
    robots: { OUTPUTS: nodeRobot(WRITES), PERSON: nodeRobot(WRITES) },
    settings: { robots: { OUTPUTS: { uploadOutputs: true }, PERSON: { homeMode: 'user' } } },
    endpointOf: async ({ url }) => {
      proxy = await startFaultProxy({ target: url });
      const isUpload = (name: string) => (method: string, path: string) =>
        method === 'POST' && path.includes('upload-document') && path.includes(name);
      proxy.add({ kind: 'answer', status: 413, match: isUpload('too-much.bin') });
      proxy.add({ kind: 'answer', status: 503, times: 4, match: isUpload('totals.csv') });
      return proxy.url;
    },
    overrides: { random: () => 0 },
  });
  await lab.work();
});
afterAll(async () => {
  await lab.close();
  await proxy.close();
});

describe('with uploadOutputs', () => {
  test('what a run leaves becomes documents of its process, and its log says where', async () => {
    const run = await lab.run('OUTPUTS');
    expect(run.outcome).toBe('succeeded');
    const text = (await lab.task('OUTPUTS')).entries.map(({ message }) => message).join('\n');
    const found = Object.fromEntries(
      [...text.matchAll(/Uploaded (\S+): (\S+)/g)].map(([, path, uri]) => [path, uri]),
    );
    expect(Object.keys(found).sort()).toEqual(['more/page.html', 'totals.csv']);
    const { processId } = run;
    const contents = await Promise.all(
      Object.values(found).map((uri) => lab.document(String(processId), String(uri))),
    );
    expect(contents.map(String).sort()).toEqual(['<p>ñ</p>', 'a,b']);
  });

  test('a file that the platform refuses is a warning, not a failure', async () => {
    expect((await lab.task('OUTPUTS')).entries).toContainEqual({
      level: 'WARN',
      message: expect.stringContaining('too-much.bin could not be uploaded: '),
    });
  });

  test('a robot without it uploads nothing', async () => {
    const text = (await lab.task('PERSON')).entries.map(({ message }) => message).join('\n');
    expect(text).not.toContain('Uploaded');
  });
});

describe('homeMode', () => {
  test('user gives the person’s home, run a home of the run’s own', async () => {
    expect(await lab.logText(await lab.run('PERSON'))).toContain(`home is ${userInfo().homedir}\n`);
    const run = await lab.run('OUTPUTS');
    expect(await lab.logText(run)).toContain(`home is ${lab.home}/runs/${run.id}/home\n`);
  });
});
