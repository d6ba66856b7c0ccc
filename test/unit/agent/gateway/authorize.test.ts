import { describe, expect, it } from 'vitest';
import { authorize, type CallingRun } from '../../../../src/agent/gateway/authorize.ts';
import { OPERATIONS, type OperationId } from '../../../../src/agent/gateway/operations.ts';

const RUN: CallingRun = {
  scope: 'run',
  robotId: 'the-robot',
  robotCode: 'INVOICES',
  processId: 'the-process',
  taskId: 'the-task',
};
const FULL: CallingRun = { ...RUN, scope: 'full' };
const IDS = Object.keys(OPERATIONS) as OperationId[];
const OWN = ['the-process', 'the-task', 'the-robot'];

const allowedOn = (run: CallingRun, id: string) =>
  IDS.filter((operationId) => authorize(run, { operationId, params: { id }, query: '' }).allowed);

describe('the scope full', () => {
  it('allows every operation but those that hand out what is the host’s', () => {
    const allowed = allowedOn(FULL, 'any');
    expect(IDS.filter((id) => !allowed.includes(id))).toEqual([
      'createAuthentication',
      'createWorker',
      'retrieveKmsKey',
    ]);
  });

  it('names what it refuses, and no setting that would allow it', () => {
    expect(authorize(FULL, { operationId: 'createWorker', params: {}, query: '' })).toEqual({
      allowed: false,
      status: 403,
      reason: 'Robots may not call createWorker: only the agent registers workers.',
      setting: null,
    });
  });
});

describe('the scope run', () => {
  it('allows to read and write the data and documents of its own process', () => {
    expect(allowedOn(RUN, 'the-process')).toEqual([
      'retrieveProcess',
      'uploadProcessUserActionDocument',
      'updateProcessMetadata',
      'patchProcessMetadata',
      'updateProcessEntity',
      'patchProcessEntity',
      'uploadProcessDocument',
      'downloadProcessDocument',
    ]);
  });

  it('allows everything on its own task', () => {
    expect(allowedOn(RUN, 'the-task')).toEqual(
      IDS.filter((id) => OPERATIONS[id].template.startsWith('/process-items/{id}')),
    );
  });

  it('allows to read its own robot', () => {
    expect(allowedOn(RUN, 'the-robot')).toEqual([
      'retrieveRobot',
      'downloadRobotSourceCode',
      'downloadRobotAsset',
    ]);
  });

  it('allows nothing on what is another’s, nor anything without an id', () => {
    expect([allowedOn(RUN, 'another'), allowedOn(RUN, '')]).toEqual([[], []]);
    const without = IDS.filter(
      (operationId) => authorize(RUN, { operationId, params: {}, query: '' }).allowed,
    );
    expect(without).toEqual([]);
  });

  it('takes an id for its own only as it is written', () => {
    expect(allowedOn(RUN, 'THE-TASK')).toEqual([]);
  });

  it('takes no other id of the path for the one that counts', () => {
    const params = { id: 'another', actionId: 'the-process' };
    const allowed = IDS.filter((operationId) => authorize(RUN, { operationId, params, query: '' }).allowed);
    expect(allowed).toEqual([]);
  });

  it('allows a run without a task its robot alone', () => {
    const bare = { ...RUN, processId: null, taskId: null };
    const allowed = [...OWN, 'null', ''].flatMap((id) => allowedOn(bare, id));
    expect(allowed).toEqual(['retrieveRobot', 'downloadRobotSourceCode', 'downloadRobotAsset']);
  });

  it.each<[string, CallingRun, OperationId, string, string]>([
    [
      'an operation that reaches further',
      RUN,
      'findProcesses',
      '',
      "Robots may not call findProcesses with the gateway scope run: it reaches beyond the run's own process, task and robot. It would need the gateway scope full, which whoever governs this machine can set (robots.INVOICES.gatewayScope).",
    ],
    [
      'a task of another run',
      RUN,
      'completeProcessItemTask',
      'another',
      "Robots may not call completeProcessItemTask with the gateway scope run on the task another: the run's own is the-task. It would need the gateway scope full, which whoever governs this machine can set (robots.INVOICES.gatewayScope).",
    ],
    [
      'a task where there is none',
      { ...RUN, taskId: null },
      'retrieveProcessItem',
      'another',
      'Robots may not call retrieveProcessItem in a run without a task: there is no task of its own. It would need the gateway scope full, which whoever governs this machine can set (robots.INVOICES.gatewayScope).',
    ],
  ])('says of %s what would allow it', (_what, run, operationId, id, reason) => {
    expect(authorize(run, { operationId, params: { id }, query: '' })).toEqual({
      allowed: false,
      status: 403,
      reason,
      setting: 'robots.INVOICES.gatewayScope',
    });
  });

  it.each([
    ['as the specification has it', '?fileContentType=text%2Fcsv&fileName=a%20b.csv', null],
    ['with one parameter only', '?fileName=a', null],
    ['without any', '', null],
    [
      'with another parameter',
      '?fileName=a&id=another',
      'The query parameter "id" is not known here; this operation has: fileContentType, fileName.',
    ],
    [
      'with a parameter in other letters',
      '?FileName=a',
      'The query parameter "FileName" is not known here; this operation has: fileContentType, fileName.',
    ],
    [
      'with an encoded name',
      '?%66ileName=a',
      'The query parameter "%66ileName" is not known here; this operation has: fileContentType, fileName.',
    ],
    [
      'with a list',
      '?fileName[]=a',
      'The query parameter "fileName[]" is not known here; this operation has: fileContentType, fileName.',
    ],
    ['with one twice', '?fileName=a&fileName=b', 'The query parameter fileName stands twice.'],
  ])('judges a query %s', (_what, query, reason) => {
    const verdict = authorize(RUN, {
      operationId: 'uploadProcessDocument',
      params: { id: 'the-process' },
      query,
    });
    expect(verdict).toEqual(
      reason === null ? { allowed: true } : { allowed: false, status: 400, reason, setting: null },
    );
  });
});
