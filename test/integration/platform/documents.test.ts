import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Schemas, startTestPlatform, type TestPlatform } from '../../helpers/start-test-platform.ts';

const HOUR = 60 * 60_000;

let platform: TestPlatform;
let process: string;
let otherProcess: string;
let clock: number;

beforeEach(async () => {
  clock = Date.UTC(2026, 0, 1);
  platform = await startTestPlatform({ now: () => clock });
  const { json } = await platform.api<Schemas['ProcessPage']>('GET', '/processes');
  process = json.content[0]?.id ?? '';
  const processDefinitionId = json.content[0]?.processDefinition.id;
  const other = await platform.api<Schemas['Process']>('POST', '/processes', { processDefinitionId });
  otherProcess = other.json.id;
});
afterEach(() => platform.close());

const upload = (body: Buffer | string, name = 'a b.txt', type = 'text/plain') =>
  platform.api<Schemas['DocumentReference']>(
    'POST',
    `/processes/${process}/~actions/upload-document?${new URLSearchParams({ fileName: name, fileContentType: type })}`,
    body,
  );
const download = (documentUri: string, from = process, headers: Record<string, string> = {}) =>
  platform.fetch(
    'GET',
    `/processes/${from}/~actions/download-document?${new URLSearchParams({ documentUri })}`,
    undefined,
    { headers },
  );

describe('a document', () => {
  it('comes back byte for byte', async () => {
    const bytes = randomBytes(300_000);
    const { status, json } = await upload(bytes, 'scan.pdf', 'application/pdf');
    expect(status).toBe(200);
    expect(json.documentUri).toMatch(
      /^kuflow-file:uri=[0-9a-f-]{36};type=application\/pdf;size=300000;name=scan\.pdf;$/,
    );
    const answer = await download(json.documentUri);
    expect(answer.headers.get('content-type')).toBe('application/octet-stream');
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  it('may be empty', async () => {
    const { json } = await upload(Buffer.alloc(0));
    const answer = await download(json.documentUri);
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  it('whose content is JSON by its type is kept as it is sent', async () => {
    const path = `/processes/${process}/~actions/upload-document?fileName=a.json&fileContentType=application/json`;
    const { status, json } = await platform.api<Schemas['DocumentReference']>('POST', path, '{"a": 1 }', {
      headers: { 'content-type': 'application/json' },
    });
    expect(status).toBe(200);
    expect(await (await download(json.documentUri)).text()).toBe('{"a": 1 }');
  });

  it('is found in its own process alone', async () => {
    const { json } = await upload('mine');
    expect((await download(json.documentUri, otherProcess)).status).toBe(404);
    expect((await download('kuflow-file:uri=nope;')).status).toBe(404);
  });

  it('needs a name and a type', async () => {
    const path = `/processes/${process}/~actions/upload-document?fileName=a`;
    expect((await platform.api('POST', path, 'x')).status).toBe(400);
  });

  it('may have a semicolon in its name', async () => {
    const { json } = await upload('odd', 'a;size=7;b.txt');
    expect(await (await download(json.documentUri)).text()).toBe('odd');
  });

  it('whose sender breaks off leaves nothing behind', async () => {
    const before = platform.audit().length;
    const headers = { authorization: `Bearer ${platform.bearerToken}`, 'content-length': 1_000_000 };
    const path = `/v2024-06-14/processes/${process}/~actions/upload-document?fileName=a&fileContentType=b`;
    await new Promise<void>((resolve) => {
      const outgoing = request(platform.url + path, { method: 'POST', headers });
      outgoing.on('error', () => {});
      outgoing.on('close', resolve);
      outgoing.write(Buffer.alloc(100_000), () => outgoing.destroy());
    });
    await upload('next');
    expect(
      platform
        .audit()
        .slice(before)
        .map((entry) => entry.operation),
    ).toEqual(['uploadProcessDocument']);
  });
});

describe('a part of a document', () => {
  it('is served to a Range request, with a strong ETag', async () => {
    const { documentUri } = (await upload('0123456789')).json;
    const part = await download(documentUri, process, { range: 'bytes=2-4' });
    expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
      206,
      'bytes 2-4/10',
      '234',
    ]);
    expect(part.headers.get('etag')).toMatch(/^"[^"]+"$/);
    const rest = await download(documentUri, process, { range: 'bytes=7-' });
    expect([rest.status, await rest.text()]).toEqual([206, '789']);
  });

  it('is served under If-Range only while the content is the same', async () => {
    const { documentUri } = (await upload('0123456789')).json;
    const etag = (await download(documentUri)).headers.get('etag') ?? '';
    const same = await download(documentUri, process, { range: 'bytes=7-', 'if-range': etag });
    const changed = await download(documentUri, process, { range: 'bytes=7-', 'if-range': '"other"' });
    expect([await same.text(), changed.status, await changed.text()]).toEqual(['789', 200, '0123456789']);
  });

  it('beyond the end is 416', async () => {
    const { documentUri } = (await upload('0123456789')).json;
    const answer = await download(documentUri, process, { range: 'bytes=10-' });
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  });

  it('is not served where ranges are off: all of it comes, without an ETag', async () => {
    platform.behaviour.range = false;
    const { documentUri } = (await upload('0123456789')).json;
    const answer = await download(documentUri, process, { range: 'bytes=7-' });
    expect([answer.status, await answer.text(), answer.headers.get('etag')]).toEqual([
      200,
      '0123456789',
      null,
    ]);
    expect(answer.headers.get('accept-ranges')).toBeNull();
  });
});

describe('after 24 hours', () => {
  const task = async () => {
    const { json } = await platform.api<Schemas['ProcessItemPage']>(
      'GET',
      `/process-items?processId=${process}`,
    );
    return json.content[0]?.id ?? '';
  };

  it('a document that nothing links is gone, and the audit says so', async () => {
    const { documentUri } = (await upload('lost')).json;
    clock += 24 * HOUR - 1;
    expect((await download(documentUri)).status).toBe(200);
    clock += 1;
    expect((await download(documentUri)).status).toBe(404);
    expect(platform.audit().at(-1)).toMatchObject({ operation: 'deleteUnlinkedDocument', after: null });
  });

  it("one that a task's data names is there", async () => {
    const { documentUri } = (await upload('kept')).json;
    const path = `/process-items/${await task()}/task/data`;
    await platform.api('PATCH', path, [{ op: 'add', path: '/report', value: { files: [documentUri] } }]);
    clock += 25 * HOUR;
    expect(await (await download(documentUri)).text()).toBe('kept');
  });

  it.each(['metadata', 'entity'])("one that the process's %s names is there", async (field) => {
    const { documentUri } = (await upload('kept')).json;
    await platform.api('PUT', `/processes/${process}/${field}`, {
      [field]: { value: { file: documentUri } },
    });
    clock += 25 * HOUR;
    expect((await download(documentUri)).status).toBe(200);
  });

  it('one that only a log entry or another process names is gone', async () => {
    const { documentUri } = (await upload('lost')).json;
    await platform.api('POST', `/process-items/${await task()}/task/~actions/append-log`, {
      message: documentUri,
      level: 'INFO',
    });
    await platform.api('PUT', `/processes/${otherProcess}/metadata`, {
      metadata: { value: { file: documentUri } },
    });
    clock += 25 * HOUR;
    expect((await download(documentUri)).status).toBe(404);
  });
});
