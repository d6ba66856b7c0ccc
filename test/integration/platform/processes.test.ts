import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Schemas, startTestPlatform, type TestPlatform } from '../../helpers/start-test-platform.ts';

type Process = Schemas['Process'];

let platform: TestPlatform;
let process: Process;

beforeEach(async () => {
  platform = await startTestPlatform();
  const { json } = await platform.api<Schemas['ProcessPage']>('GET', '/processes');
  process = (await platform.api<Process>('GET', `/processes/${json.content[0]?.id}`)).json;
});
afterEach(() => platform.close());

const act = (action: string, body?: unknown) =>
  platform.api<Process>('POST', `/processes/${process.id}/~actions/${action}`, body);
const states = async () => {
  const { json } = await platform.api<Schemas['ProcessItemPage']>(
    'GET',
    `/process-items?processId=${process.id}`,
  );
  return json.content.map((item) => item.task?.state);
};

describe('a process', () => {
  it('carries the initiator in both forms, since R24 requires one and defines the other', () => {
    expect(process).toMatchObject({ state: 'RUNNING', initiator: { id: process.initiatorId } });
  });

  it('is created with 201, then answers 200 under the same id', async () => {
    const params = {
      id: randomUUID(),
      processDefinitionId: process.processDefinition.id,
      metadata: { value: { month: 3 } },
      initiatorEmail: 'ana@acme.example',
    };
    const first = await platform.api<Process>('POST', '/processes', params);
    const second = await platform.api<Process>('POST', '/processes', params);
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.json).toEqual(first.json);
    expect(first.json.metadata).toEqual({ valid: true, value: { month: 3 } });
    expect(first.json.initiatorId).not.toBe(platform.principalId);
  });

  it('of an unknown definition is refused', async () => {
    expect((await platform.api('POST', '/processes', { processDefinitionId: randomUUID() })).status).toBe(
      400,
    );
  });

  it('changes its initiator', async () => {
    const { json } = await act('change-initiator', { initiatorId: platform.principalId });
    expect(json.initiatorId).toBe(platform.principalId);
    expect((await act('change-initiator', { initiatorEmail: 'bo@acme.example' })).status).toBe(400);
  });

  it.each(['metadata', 'entity'] as const)(
    'keeps its %s, replaced by PUT and changed by PATCH',
    async (field) => {
      const path = `/processes/${process.id}/${field}`;
      const put = await platform.api<Process>('PUT', path, { [field]: { value: { a: 1 } } });
      expect(put.json[field]?.value).toEqual({ a: 1 });
      const patched = await platform.api<Process>('PATCH', path, [{ op: 'add', path: '/b', value: [2] }]);
      expect(patched.json[field]?.value).toEqual({ a: 1, b: [2] });
      const whole = await platform.api<Process>('PATCH', path, [
        { op: 'replace', path: '', value: { c: 3 } },
      ]);
      expect(whole.json[field]?.value).toEqual({ c: 3 });
      expect((await platform.api('PATCH', path, [{ op: 'add', path: 'b', value: 1 }])).status).toBe(400);
      expect((await platform.api('PATCH', path, [{ op: 'replace', path: '', value: 1 }])).status).toBe(400);
      const { json } = await platform.api<Process>('GET', `/processes/${process.id}`);
      expect(json[field]?.value).toEqual({ c: 3 });
    },
  );
});

describe('ending a process', () => {
  it('by cancelling cancels its open items, and no item of another', async () => {
    const other = await platform.api<Process>('POST', '/processes', {
      processDefinitionId: process.processDefinition.id,
    });
    const item = await platform.api<Schemas['ProcessItem']>('POST', '/process-items', {
      type: 'TASK',
      processId: other.json.id,
      task: { taskDefinitionCode: 'INVOICES' },
    });
    expect((await act('cancel')).json.state).toBe('CANCELLED');
    expect(await states()).toEqual(['CANCELLED', 'CANCELLED']);
    const { json } = await platform.api<Schemas['ProcessItem']>('GET', `/process-items/${item.json.id}`);
    expect(json.task?.state).toBe('READY');
  });

  it('leaves completed items as they are', async () => {
    const { json } = await platform.api<Schemas['ProcessItemPage']>(
      'GET',
      '/process-items?taskDefinitionCode=INVOICES',
    );
    for (const action of ['claim', 'complete']) {
      await platform.api('POST', `/process-items/${json.content[0]?.id}/task/~actions/${action}`);
    }
    await act('cancel');
    expect((await states()).toSorted()).toEqual(['CANCELLED', 'COMPLETED']);
  });

  it.each([true, false])(
    'by completing cancels its open items where that is switched: %s',
    async (cancels) => {
      platform.behaviour.completeCancelsItems = cancels;
      expect((await act('complete')).json.state).toBe('COMPLETED');
      expect(await states()).toEqual(cancels ? ['CANCELLED', 'CANCELLED'] : ['READY', 'READY']);
    },
  );

  it('is done once: the same again changes nothing, another end is refused', async () => {
    const first = await act('cancel');
    const before = platform.audit().length;
    const second = await act('cancel');
    expect([second.status, second.json]).toEqual([200, first.json]);
    expect(platform.audit()).toHaveLength(before);
    expect((await act('complete')).status).toBe(409);
  });

  it('lets it take no further items', async () => {
    await act('cancel');
    const { status } = await platform.api('POST', '/process-items', {
      type: 'TASK',
      processId: process.id,
      task: { taskDefinitionCode: 'INVOICES' },
    });
    expect(status).toBe(409);
  });

  it('is in the audit with each item that it cancelled', async () => {
    await act('cancel');
    const said = platform.audit().filter((entry) => entry.operation === 'cancelProcess');
    expect(said.map((entry) => entry.resource.split('/')[0])).toEqual(['item', 'item', 'process']);
  });
});
