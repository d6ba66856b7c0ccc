import type { RequestListener } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, test } from 'vitest';
import { createKuFlowClient } from '../../../src/agent/kuflow/create-client.ts';
import { createMemoryLog, startRawServer } from '../../helpers/raw-server.ts';

const id = '5f0e3c1a-9d7b-4b8e-8a52-0c7d1e2f3a4b';
const SECRET = 'hunter2-hunter2';
const cleanups: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function clientOf(listener: RequestListener, timeoutMs?: number) {
  const server = await startRawServer(listener);
  cleanups.push(server.close);
  return createClient(server.url, timeoutMs);
}

function createClient(endpoint: string, timeoutMs = 5000) {
  const log = createMemoryLog();
  const client = createKuFlowClient({
    endpoint,
    credentials: { clientId: 'me', clientSecret: SECRET },
    log,
    sleep: async () => {},
    timeoutMs,
  });
  return { client, log };
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => error,
  );

const json = { 'content-type': 'application/json' };

describe('a status 200', () => {
  test.each([
    ['of a web page', 'text/html', '<html>Please log in</html>', /a web page answered/],
    [
      'of a web page that says it is JSON',
      'application/json',
      '<!DOCTYPE html><p>Log in',
      /a web page answered/,
    ],
    ['without a body', 'application/json', '', /empty body/],
    ['with half a document', 'application/json', '{"id": "5f0e', /not complete JSON/],
    ['of another shape', 'application/json', '{"id": 7}', /another shape at id/],
    [
      'of a task without a state',
      'application/json',
      JSON.stringify({ id, processId: id, task: {} }),
      /at task\.state/,
    ],
    ['of nothing', 'application/json', 'null', /another shape/],
  ])(
    '%s is a fault of the platform, tried again and never a success',
    async (_, contentType, body, message) => {
      let asked = 0;
      const { client } = await clientOf((_request, response) => {
        asked++;
        response.writeHead(200, { 'content-type': contentType }).end(body);
      });
      const error = await failureOf(client.retrieveTask(id));
      expect(error).toMatchObject({
        code: 'PLATFORM_ERROR',
        retryable: true,
        details: { outcome: 'unknown' },
      });
      expect(String(error)).toMatch(message);
      expect(asked).toBe(4);
      expect(client.connection().state).toBe('offline');
    },
  );

  test('that holds entries we cannot read hides only those', async () => {
    const task = { id, processId: id, task: { state: 'READY', taskDefinition: { code: 'A' } } };
    const content = [
      { id: 1 },
      task,
      { id, type: 'MESSAGE', processId: id },
      { ...task, task: { state: 'PAUSED' } },
    ];
    const { client } = await clientOf((_request, response) => {
      response.writeHead(200, json).end(JSON.stringify({ metadata: { totalPages: 1 }, content, links: [] }));
    });
    const found = await client.findTasks({
      states: ['READY'],
      definitionCodes: [],
      tenantId: null,
      limit: 9,
    });
    expect(found.map(({ definitionCode }) => definitionCode)).toEqual(['A']);
  });

  test('that filters nothing is filtered here', async () => {
    const item = (state: string, code: string, tenantId: string) => ({
      id: `${state}-${code}-${tenantId}`,
      processId: id,
      tenantId,
      processItemDefinitionRef: { code },
      task: { state },
    });
    const content = [
      item('READY', 'A', 't'),
      item('CLAIMED', 'A', 't'),
      item('READY', 'B', 't'),
      item('READY', 'A', 'u'),
    ];
    const { client } = await clientOf((_request, response) => {
      response.writeHead(200, json).end(JSON.stringify({ metadata: { totalPages: 1 }, content }));
    });
    const found = await client.findTasks({
      states: ['READY'],
      definitionCodes: ['A'],
      tenantId: 't',
      limit: 9,
    });
    expect(found.map((task) => task.id)).toEqual(['READY-A-t']);
  });

  test('of endless pages comes to an end', async () => {
    let asked = 0;
    const { client } = await clientOf((_request, response) => {
      asked++;
      const content = [{ id: `robot-${asked}`, code: 'A', name: 'A' }];
      response.writeHead(200, json).end(JSON.stringify({ metadata: { totalPages: 1e9 }, content }));
    });
    await client.findRobots({ context: 'READY' });
    expect(asked).toBe(100);
  });
});

test('a redirection is no answer, and credentials do not follow it', async () => {
  let stolen: string | undefined;
  const thief = await startRawServer((request, response) => {
    stolen = request.headers.authorization;
    response.end();
  });
  cleanups.push(thief.close);
  const { client } = await clientOf((_request, response) => {
    response.writeHead(302, { location: `${thief.url}/login` }).end();
  });
  expect(await failureOf(client.claimTask(id))).toMatchObject({
    code: 'PLATFORM_ERROR',
    details: { status: 302 },
  });
  expect(stolen).toBeUndefined();
});

test('a package that lies elsewhere is fetched there, without credentials', async () => {
  let authorization: string | undefined = 'none yet';
  const storage = await startRawServer((request, response) => {
    authorization = request.headers.authorization;
    response.end('PK…');
  });
  cleanups.push(storage.close);
  const { client } = await clientOf((_request, response) => {
    response.writeHead(302, { location: storage.url.replace('127.0.0.1', 'localhost') }).end();
  });
  const { body } = await client.openRobotSource(id)({ headers: {}, signal: new AbortController().signal });
  expect(await new Response(body).text()).toBe('PK…');
  expect(authorization).toBeUndefined();
});

test('a web page in place of a package is told before it is unpacked', async () => {
  const { client } = await clientOf((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
  });
  const open = client.openRobotSource(id)({ headers: {}, signal: new AbortController().signal });
  expect(await failureOf(open)).toMatchObject({ code: 'PLATFORM_ERROR' });
});

test('a download that its caller ends breaks off in its middle', async () => {
  const { client } = await clientOf((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' }).write('first');
  });
  const abort = new AbortController();
  const { body } = await client.openRobotSource(id)({ headers: {}, signal: abort.signal });
  const reader = body?.getReader();
  await reader?.read();
  abort.abort();
  expect(await failureOf(reader?.read() ?? Promise.resolve())).toMatchObject({ code: 'INTERRUPTED' });
});

test('an error that echoes the secret does not bring it into messages', async () => {
  const { client, log } = await clientOf((request, response) => {
    const message = `You sent ${request.headers.authorization} with ${SECRET}`;
    response.writeHead(500, json).end(JSON.stringify({ message }));
  });
  const error = await failureOf(client.retrieveTask(id));
  const told = JSON.stringify([error, log.lines, client.connection(), String(error)]);
  expect(told).not.toContain(SECRET);
  expect(told).not.toContain(Buffer.from(`me:${SECRET}`).toString('base64'));
  expect(told).toContain('You sent Basic ***');
});

test('an error of any size is read to a bound', async () => {
  const { client } = await clientOf((_request, response) => {
    response.writeHead(409, json);
    response.write('{"message": "No"}');
    const timer = setInterval(() => response.write(' '.repeat(64 * 1024)), 1);
    response.on('close', () => clearInterval(timer));
  });
  expect(await failureOf(client.claimTask(id))).toMatchObject({ code: 'PLATFORM_REFUSED' });
});

test('403 is about the credentials until they were accepted, then about the call', async () => {
  let status = 403;
  const { client } = await clientOf((_request, response) => {
    response.writeHead(status, json).end(JSON.stringify({ id }));
  });
  expect(await failureOf(client.registerWorker(worker))).toMatchObject({ code: 'UNAUTHORIZED' });
  status = 200;
  await client.registerWorker(worker);
  status = 403;
  expect(await failureOf(client.registerWorker(worker))).toMatchObject({ code: 'PLATFORM_REFUSED' });
});

test('no answer at all ends by the time limit, which the message names', async () => {
  const { client } = await clientOf(() => {}, 1000);
  const error = await failureOf(client.claimTask(id));
  expect(error).toMatchObject({ code: 'PLATFORM_UNREACHABLE', details: { outcome: 'unknown' } });
  expect(String(error)).toContain('no answer within 1 s');
});

test.each([200, 500])(
  'an answer (%d) that trickles ends by the time limit, also when memory is cleaned up meanwhile',
  async (status) => {
    const timers: NodeJS.Timeout[] = [];
    const { client } = await clientOf((_request, response) => {
      response.writeHead(status, json);
      timers.push(setInterval(() => response.write(' '), 20));
    }, 500);
    setFlagsFromString('--expose-gc');
    timers.push(setInterval(runInNewContext('gc') as () => void, 50));
    try {
      const failure = await failureOf(client.findRobots({ context: 'READY' }));
      expect(failure).toMatchObject({ code: expect.stringMatching(/PLATFORM_(UNREACHABLE|ERROR)/) });
    } finally {
      for (const timer of timers) clearInterval(timer);
    }
  },
);

test('a call ends at once when its signal aborts', async () => {
  const abort = new AbortController();
  const { client } = await clientOf(() => abort.abort());
  expect(await failureOf(client.retrieveTask(id, { signal: abort.signal }))).toMatchObject({
    code: 'INTERRUPTED',
  });
  expect(await failureOf(client.retrieveTask(id, { signal: abort.signal }))).toMatchObject({
    code: 'INTERRUPTED',
    details: { outcome: 'not-sent' },
  });
});

test('what is not HTTP is named', async () => {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write('220 mail.example.test ESMTP\r\n', () => socket.destroySoon());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  cleanups.push(() => new Promise((resolve) => server.close(() => resolve())));
  const { client } = createClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(String(await failureOf(client.claimTask(id)))).toContain('the answer is not HTTP');
});

test('a host that does not exist is named', async () => {
  const { client } = createClient('https://no-such-host.invalid');
  const error = await failureOf(client.registerWorker(worker));
  expect(error).toMatchObject({ code: 'PLATFORM_UNREACHABLE', details: { outcome: 'not-sent' } });
  expect(String(error)).toContain('no-such-host.invalid');
});

test.each(['http://api.kuflow.com', 'ftp://api.kuflow.com', 'kuflow'])(
  'the endpoint %s is refused',
  (endpoint) => {
    expect(() => createClient(endpoint)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  },
);

const worker = { identity: 'pc#1', taskQueue: 'q', hostname: 'pc', ip: '127.0.0.1' };
