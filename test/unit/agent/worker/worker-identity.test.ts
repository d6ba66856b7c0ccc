import { expect, test } from 'vitest';
import { describeWorker, type WorkerIdentity } from '../../../../src/agent/worker/worker-identity.ts';

const installationId = '0d5c1f9e-0f43-4a44-9f3a-2f7f6f0b9c11';
const worker: WorkerIdentity = {
  hostName: 'PC-12',
  installationId,
  tenantId: null,
  taskQueue: null,
  workflowTypes: [],
  activityTypes: [],
};

test('a worker without an engine has a queue of its own', () => {
  expect(describeWorker(worker, '10.0.0.7', ['r1'])).toEqual({
    identity: `PC-12#${installationId}`,
    taskQueue: `kubot-${installationId}`,
    workflowTypes: [],
    activityTypes: [],
    hostname: 'PC-12',
    ip: '10.0.0.7',
    installationId,
    robotIds: ['r1'],
  });
});

test('a worker of an engine and a tenant tells both', () => {
  const of = { ...worker, taskQueue: 'robots', workflowTypes: ['RobotRequest'], tenantId: installationId };
  expect(describeWorker(of, '10.0.0.7', [])).toMatchObject({
    taskQueue: 'robots',
    workflowTypes: ['RobotRequest'],
    tenantId: installationId,
  });
});

test('a host name of any length fits, and the installation stays whole', () => {
  const { hostname, identity } = describeWorker({ ...worker, hostName: 'h'.repeat(300) }, '10.0.0.7', []);
  expect([hostname?.length, identity.length]).toEqual([255, 255]);
  expect(identity.endsWith(`#${installationId}`)).toBe(true);
  expect(describeWorker({ ...worker, hostName: ' ' }, '10.0.0.7', []).hostname).toBe('unknown');
});
