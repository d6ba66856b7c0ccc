import { expect, test } from 'vitest';
import type { Task } from '../../../../src/agent/kuflow/task.ts';
import { listOrphans, type OrphanServices } from '../../../../src/agent/tasks/list-orphans.ts';
import { aTask, platformOf } from './a-task.ts';
import { ended, line, said, took } from './task-entries.ts';

const OWN_RUN = '01890000-0000-7000-8000-0000cafecafe';

const list = (tasks: Task[], over: Partial<OrphanServices> = {}) =>
  listOrphans({
    client: platformOf(tasks),
    tenantId: null,
    principalId: () => 'us',
    installationId: 'PC-1',
    isAtWork: () => false,
    runsOf: () => [],
    robotFor: (code) => (code === 'INVOICES' ? 'BILLS' : null),
    ...over,
  });

test('a task of a silent host is one, with what can be done', async () => {
  const [orphan] = await list([aTask('t1', 95, { logs: [took(0, 'PC-12'), line(5)] })]);
  expect(orphan).toEqual({
    taskId: 't1',
    processId: 'process',
    definitionCode: 'INVOICES',
    robot: 'BILLS',
    kind: 'silent',
    host: 'PC-12',
    lastEntryAt: '2026-01-01T00:05:00.000Z',
    message: 'PC-12 has told nothing of it for 1 h 30 min.',
    actions: [
      { action: 'start', command: 'kubot start BILLS --task t1' },
      { action: 'complete', command: 'kubot settle t1 --complete' },
      { action: 'hand-over', command: 'kubot settle t1 --hand-over EMAIL' },
    ],
  });
});

test('what no robot here serves can only be settled', async () => {
  const [orphan] = await list([aTask('t1', 95, { definitionCode: 'OTHER', logs: [took(0, 'PC-12')] })]);
  expect([orphan?.robot, orphan?.actions.map(({ action }) => action)]).toEqual([
    null,
    ['complete', 'hand-over'],
  ]);
});

test('what this host took and has no run of any more is one at once', async () => {
  const [orphan] = await list([aTask('t1', 5, { logs: [took(0, 'PC-1'), line(4)] })]);
  expect(orphan).toMatchObject({
    kind: 'own',
    message: 'This host took it, has told nothing of it for 1 min, and has no run of it any more.',
  });
});

test('the host that has it is named, not one that wanted it too', async () => {
  const rival = took(0, 'PC-13', { saw: 'nothing' });
  expect(await list([aTask('t1', 95, { logs: [took(0, 'PC-12'), rival] })])).toMatchObject([
    { kind: 'silent', host: 'PC-12' },
  ]);
  expect(await list([aTask('t1', 5, { logs: [took(0, 'PC-1'), rival] })])).toMatchObject([
    { kind: 'own', host: 'PC-1' },
  ]);
});

test('a task without an entry of any host is one, unless this host knows it', async () => {
  const tasks = [aTask('t1', 5, { logs: [said(0, 'a note')] })];
  expect(await list(tasks)).toMatchObject([{ kind: 'unmarked', host: null, lastEntryAt: null }]);
  expect(await list(tasks, { runsOf: () => ['a run'] })).toEqual([]);
});

test.each<[string, Task, Partial<OrphanServices>]>([
  ['of a live host', aTask('t1', 20, { logs: [took(0, 'PC-12')] }), {}],
  ['that a failed run kept', aTask('t1', 95, { logs: [took(0, 'PC-12'), ended(1)] }), {}],
  [
    'that a failed run kept, though a line of it came late',
    aTask('t1', 95, { logs: [took(0, 'PC-12'), line(1), ended(2), line(3)] }),
    {},
  ],
  [
    'that a run of this host’s kept, whose take was dropped',
    aTask('t1', 95, { logs: [took(0, 'PC-12'), line(1, { run: OWN_RUN }), ended(2, { run: OWN_RUN })] }),
    { runsOf: () => [OWN_RUN] },
  ],
  ['that runs or waits here', aTask('t1', 95, { logs: [took(0, 'PC-12')] }), { isAtWork: () => true }],
  ['of somebody else', aTask('t1', 95, { ownerId: 'ada', logs: [took(0, 'PC-12')] }), {}],
  ['that is over', aTask('t1', 95, { state: 'COMPLETED', logs: [took(0, 'PC-12')] }), {}],
])('a task %s is none', async (_name, task, over) => {
  expect(await list([task], over)).toEqual([]);
});

test('before the platform told who we are there is no answer', async () => {
  await expect(list([], { principalId: () => null })).rejects.toMatchObject({ code: 'CONFLICT' });
});
