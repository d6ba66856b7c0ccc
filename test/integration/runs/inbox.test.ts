import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Lab, NODE_HERE, nodeRobot, robotIdOf, startLab } from '../../helpers/lab.ts';

const SEVERAL = nodeRobot(`console.log(process.env.KUFLOW_ROBOT_OPERATION)`, {
  manifest: `operations:\n  - name: One\n    shell: node robot.mjs\n  - name: Two\n    shell: node robot.mjs\ntools:\n  nodejs: ${NODE_HERE}\n`,
});

describe('the inbox', () => {
  let lab: Lab;

  beforeAll(async () => {
    lab = await startLab({
      robots: { SINGLE: nodeRobot(''), SEVERAL, POINTED: SEVERAL, OTHER: nodeRobot('') },
      tasks: [
        { code: 'ROUTED', data: { operation: 'One' } },
        { code: 'BY_DATA', data: { operation: 'One' } },
        { code: 'BY_POINTER', data: { operation: 'One', deep: { er: 'Two' } } },
        { code: 'SINGLE' },
        { code: 'UNNAMED' },
        { code: 'MISNAMED', data: { operation: 'Nine' } },
        { code: 'ADRIFT' },
        { code: 'FILTERED' },
        { code: 'OTHER' },
        { code: 'UNROUTED' },
      ],
      settings: {
        // SINGLE and OTHER go to the robots of the same code; UNROUTED to none.
        routes: {
          ROUTED: { robot: 'SEVERAL', operation: 'Two' },
          BY_DATA: { robot: 'SEVERAL' },
          BY_POINTER: { robot: 'POINTED' },
          UNNAMED: { robot: 'SEVERAL' },
          MISNAMED: { robot: 'SEVERAL' },
          ADRIFT: { robot: 'NOWHERE' },
          FILTERED: { robot: 'OTHER' },
        },
        robots: { POINTED: { operationPointer: '/deep/er' } },
        robotFilter: ['SINGLE', 'SEVERAL', 'POINTED'],
      },
    });
    await lab.work();
  });
  afterAll(() => lab.close());

  test.each([
    ['ROUTED', 'Two', 'of the route, whatever the data says'],
    ['BY_DATA', 'One', 'that the task data names'],
    ['BY_POINTER', 'Two', 'where the robot’s operationPointer points'],
    ['SINGLE', 'Run', 'that is the only one, of the robot of the same code'],
  ])('runs %s with the operation %s %s', async (code, operation) => {
    expect(await lab.run(code)).toMatchObject({ operation, outcome: 'succeeded', source: 'inbox' });
    expect((await lab.task(code)).state).toBe('COMPLETED');
  });

  test('refuses a task that names none of several operations, listing them', async () => {
    expect(await lab.run('UNNAMED')).toMatchObject({
      outcome: 'refused',
      error: {
        code: 'OPERATION_NOT_FOUND',
        message: 'No operation was named and kubot.yaml has several: "One", "Two".',
      },
      settled: { action: 'kept' },
    });
  });

  test('refuses a task that names an operation the package lacks, quoting it', async () => {
    expect(await lab.run('MISNAMED')).toMatchObject({
      outcome: 'refused',
      error: { message: 'kubot.yaml has no operation "Nine"; it has "One", "Two".' },
    });
  });

  test.each([
    [
      'ADRIFT',
      'ADRIFT is routed to NOWHERE, which this host does not serve. The platform lists no such robot as READY.',
    ],
    [
      'FILTERED',
      'FILTERED is routed to OTHER, which this host does not serve. robotFilter does not name it.',
    ],
  ])('skips %s once and for all, with the reason', async (code, message) => {
    const { id, state } = await lab.task(code);
    expect(state).toBe('READY');
    expect(lab.mutations(id)).toEqual([]);
    expect(await lab.agent.handlers.why({ id })).toEqual({
      subject: { kind: 'task', id },
      decisions: [
        { at: expect.any(String), decision: 'skipped', code: 'ROBOT_NOT_HERE', message, runId: null },
      ],
    });
  });

  test.each(['OTHER', 'UNROUTED'])(
    'leaves %s, that is routed to no robot of this host, to others',
    async (code) => {
      const { id, state } = await lab.task(code);
      expect(state).toBe('READY');
      await expect(lab.agent.handlers.why({ id })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
    },
  );

  test('lists a robot that the filter leaves out, and does not register it', async () => {
    const robots = await lab.agent.handlers.robots();
    expect(robots.map(({ code, state, reason }) => [code, state, reason])).toEqual([
      ['OTHER', 'excluded', 'robotFilter does not name it.'],
      ['POINTED', 'ready', null],
      ['SEVERAL', 'ready', null],
      ['SINGLE', 'ready', null],
    ]);
    const worker = lab.platform.audit().findLast(({ operation }) => operation === 'createWorker');
    expect(worker?.after).toMatchObject({
      robotIds: expect.not.arrayContaining([robotIdOf(lab.platform, 'OTHER')]),
    });
  });

  test('tells why of a task, of its run and of a robot', async () => {
    const run = await lab.run('SINGLE');
    const taken = { decision: 'taken', code: 'TAKEN', runId: run.id };
    const why = (id: string) => lab.agent.handlers.why({ id });
    expect(await why(run.taskId ?? '')).toMatchObject({
      subject: { kind: 'task', id: run.taskId },
      decisions: expect.arrayContaining([expect.objectContaining(taken)]),
    });
    const ofRun = await why(run.id);
    expect(ofRun.subject).toEqual({ kind: 'run', id: run.id });
    expect(ofRun.decisions.at(-1)).toMatchObject(taken);
    expect(await why(run.id.slice(-8))).toEqual(ofRun);
    expect(await why('OTHER')).toMatchObject({
      subject: { kind: 'robot', id: robotIdOf(lab.platform, 'OTHER') },
      decisions: [{ decision: 'skipped', code: 'ROBOT_EXCLUDED', message: 'robotFilter does not name it.' }],
    });
    expect(await why('SINGLE')).toMatchObject({
      decisions: [
        { decision: 'taken', code: 'PREPARED', message: expect.stringMatching(/ is ready to run\.$/) },
      ],
    });
  });
});
