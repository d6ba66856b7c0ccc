import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Schemas, startTestPlatform, type TestPlatform } from '../../helpers/start-test-platform.ts';

let platform: TestPlatform;
beforeAll(async () => {
  platform = await startTestPlatform();
});
afterAll(() => platform.close());

const NOBODY = '11111111-1111-4111-8111-111111111111';
const WORKER = { identity: 'pc#1', taskQueue: 'kubot-1', hostname: 'pc', ip: '127.0.0.1' };

describe('signing in', () => {
  it('takes an application by client id and secret', async () => {
    expect((await platform.api('GET', '/robots')).status).toBe(200);
  });

  it("takes an application's bearer token, as the same principal", async () => {
    const bearer = { as: null, headers: { authorization: `Bearer ${platform.bearerToken}` } };
    const { json } = await platform.api<Schemas['Worker']>('POST', '/workers', WORKER, bearer);
    expect(json.lastModifiedBy).toBe(platform.principalId);
  });

  it.each([
    ['nothing', {}],
    ['a wrong secret', { authorization: `Basic ${Buffer.from('a:b').toString('base64')}` }],
    ['a wrong token', { authorization: 'Bearer nobody' }],
    ['a scheme of another kind', { authorization: 'Digest x' }],
  ])('answers 401 as a DefaultError to %s', async (_, headers) => {
    const {
      status,
      json,
      headers: answered,
    } = await platform.api('GET', '/robots', undefined, {
      as: null,
      headers,
    });
    expect([status, json.status, answered.get('www-authenticate')]).toEqual([
      401,
      401,
      'Basic realm="kuflow"',
    ]);
    expect(json).toMatchObject({ timestamp: expect.any(String), message: expect.any(String) });
  });

  it('gives each application credentials and a principal of its own', async () => {
    const other = platform.addApplication('Other');
    const { json } = await platform.api<Schemas['Worker']>('POST', '/workers', WORKER, { as: other });
    expect(json.lastModifiedBy).toBe(other.principalId);
    expect(other.principalId).not.toBe(platform.principalId);
  });
});

describe('errors', () => {
  it.each([
    ['a path that the specification does not have', 'GET', '/nope', undefined, 404],
    ['a method that a path does not have', 'DELETE', '/robots', undefined, 405],
    ['an id that is no UUID', 'GET', '/process-items/7', undefined, 400],
    ['a percent sign that ends nowhere', 'GET', '/process-items/%zz', undefined, 400],
    ['an item that is not there', 'GET', `/process-items/${NOBODY}`, undefined, 404],
    ['a robot that is not there', 'GET', `/robots/${NOBODY}`, undefined, 404],
    ['a process that is not there', 'GET', `/processes/${NOBODY}`, undefined, 404],
    ['a principal that is not there', 'GET', `/principals/${NOBODY}`, undefined, 404],
    ['a body without its required fields', 'POST', '/workers', { identity: 'pc' }, 400],
    ['an unknown query name', 'GET', '/robots?colour=red', undefined, 400],
    ['a page size over 1000', 'GET', '/robots?size=1001', undefined, 400],
    ['a page size that is no number', 'GET', '/robots?size=many', undefined, 400],
    ['a sort by a property that is not listed', 'GET', '/robots?sort=name', undefined, 400],
    [
      'an operation that is not offered',
      'GET',
      `/process-items/${NOBODY}/task/data/~actions/download-webforms-as-document?propertyPath=/a`,
      undefined,
      501,
    ],
  ])('answers a DefaultError to %s', async (_, method, path, body, expected) => {
    const { status, json } = await platform.api(method, path, body);
    expect(status).toBe(expected);
    expect(json).toMatchObject({
      status: expected,
      timestamp: expect.any(String),
      message: expect.stringMatching(/\w/),
    });
  });

  it('names the field that is missing', async () => {
    const { json } = await platform.api('POST', '/workers', {
      identity: 'pc',
      taskQueue: 'q',
      ip: '127.0.0.1',
    });
    expect(json.errors?.[0]).toMatchObject({
      code: 'REQUIRED',
      message: expect.stringContaining("'hostname'"),
    });
  });

  it('answers 400 to a body that is no JSON', async () => {
    const { status, json } = await platform.api('POST', '/workers', '{"identity":', {
      headers: { 'content-type': 'application/json' },
    });
    expect([status, json.message]).toEqual([400, expect.stringContaining('not JSON')]);
  });

  it('answers 413 to JSON over 32 MB without waiting for the rest of it', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${platform.bearerToken}`,
        'content-type': 'application/json',
        'content-length': 40 * 1024 * 1024,
      };
      const outgoing = request(
        `${platform.url}/v2024-06-14/workers`,
        { method: 'POST', headers },
        (answer) => {
          answer.resume();
          outgoing.destroy();
          resolve(answer.statusCode);
        },
      );
      outgoing.on('error', reject);
      outgoing.write(Buffer.alloc(33 * 1024 * 1024, ' '));
    });
    expect(status).toBe(413);
  });
});

describe('workers', () => {
  it('are created with 201 and updated with 200 by their identity', async () => {
    const body = { ...WORKER, identity: 'pc#2', robotIds: [NOBODY] };
    const first = await platform.api<Schemas['Worker']>('POST', '/workers', body);
    const second = await platform.api<Schemas['Worker']>('POST', '/workers', { ...body, robotIds: [] });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json.id).toBe(first.json.id);
    expect([first.json.robotIds, second.json.robotIds]).toEqual([[NOBODY], []]);
    expect(second.json.tenantId).toBe(platform.tenantId);
  });

  it('are told how often to say that they live, or nothing', async () => {
    const window = async () =>
      (await platform.api('POST', '/workers', WORKER)).headers.get('x-kf-delay-window');
    expect(await window()).toBe('300');
    platform.behaviour.delayWindowSeconds = 7;
    expect(await window()).toBe('7');
    platform.behaviour.delayWindowSeconds = null;
    expect(await window()).toBeNull();
  });

  it('are refused for a tenant that is not there', async () => {
    expect((await platform.api('POST', '/workers', { ...WORKER, tenantId: NOBODY })).status).toBe(400);
  });
});

describe('authentications', () => {
  it('give an engine token that expires later', async () => {
    const { status, json } = await platform.api<Schemas['Authentication']>('POST', '/authentications', {
      type: 'ENGINE_TOKEN',
    });
    expect(status).toBe(200);
    expect(Date.parse(json.engineToken?.expiredAt ?? '')).toBeGreaterThan(Date.now());
  });

  it('say that they give no certificates', async () => {
    expect((await platform.api('POST', '/authentications', { type: 'ENGINE_CERTIFICATE' })).status).toBe(501);
  });
});

describe('principals and tenant users', () => {
  it('are found by type', async () => {
    const { json } = await platform.api<Schemas['PrincipalPage']>('GET', '/principals?type=USER');
    expect(json.content).toEqual([{ id: expect.any(String), type: 'USER', name: 'Ana' }]);
  });

  it('tell a person by email', async () => {
    const { json } = await platform.api<Schemas['TenantUserPage']>(
      'GET',
      '/tenant-users?email=ana@acme.example',
    );
    const { json: user } = await platform.api<Schemas['TenantUser']>(
      'GET',
      `/tenant-users/${json.content[0]?.id}`,
    );
    expect(user.principal.user?.email).toBe('ana@acme.example');
    const nobody = await platform.api<Schemas['TenantUserPage']>(
      'GET',
      '/tenant-users?email=bo@acme.example',
    );
    expect(nobody.json.content).toEqual([]);
  });

  it('tell an application as APPLICATION, and as API_KEY in the words of R26', async () => {
    const typeOf = async () =>
      (await platform.api<Schemas['Principal']>('GET', `/principals/${platform.principalId}`)).json.type;
    expect(await typeOf()).toBe('APPLICATION');
    platform.behaviour.shape = 'r26';
    expect(await typeOf()).toBe('API_KEY');
    platform.behaviour.shape = 'both';
  });
});
