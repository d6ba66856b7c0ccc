import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { numbered, openShipYard, type ShipYard } from './ship-yard.ts';
import { refused } from './task-log.ts';

let yard: ShipYard;
let clock: ShipYard['clock'];
let task: ShipYard['task'];
let ship: ShipYard['ship'];
let stops: ShipYard['stops'];

beforeEach(() => {
  yard = openShipYard();
  ({ clock, task, ship, stops } = yard);
});

afterEach(() => yard.close());

describe('a refusal', () => {
  test.each([403, 404, 409])('with %d ends shipping, counted and said once', async (status) => {
    const { print, finish } = ship();
    print('one\n');
    await clock.advance(1000);
    task.state = 'COMPLETED';
    task.fates = [refused(status)];
    print('two\nthree\n');
    await clock.advance(1000);
    print('four\n');
    expect(await finish()).toEqual({ entriesSent: 1, linesLeftOut: 3, documentUri: null });
    expect(stops).toMatchObject([{ entriesSent: 1, message: expect.stringContaining(String(status)) }]);
    expect(task.messages).toEqual(['one ·deadbeef/1']);
  });

  test('by a task that is ours is waited out: nothing is left out', async () => {
    const { print, finish } = ship();
    task.fates = [refused(409), 'ok', refused(403), 'ok', refused(409), 'ok'];
    print('one\ntwo\n');
    await clock.advance(10_000);
    expect(task.messages).toEqual(['one\ntwo ·deadbeef/4']);
    expect(await finish()).toMatchObject({ entriesSent: 2, linesLeftOut: 0 });
    expect(stops).toEqual([]);
  });

  test('for half a minute ends shipping; the last entry is tried all the same, and counts', async () => {
    const { print, finish } = ship();
    const { appendLog } = task.api;
    task.api.appendLog = () => Promise.reject(refused(409));
    print('one\n');
    await clock.advance(60_000);
    expect(stops).toMatchObject([{ entriesSent: 0, linesUnsent: 1 }]);
    print('two\n');
    task.api.appendLog = appendLog;
    expect(await finish()).toMatchObject({
      entriesSent: 1,
      linesLeftOut: 2,
      documentUri: expect.any(String),
    });
    expect(task.messages[0]).toContain('2 lines, 2 of them left out here.');
  });

  test.each([400, 409])('with %d for ever is said once, and all lines are counted', async (status) => {
    const { print, finish } = ship();
    task.api.appendLog = () => Promise.reject(refused(status));
    print('one\ntwo\n');
    expect(await finish()).toMatchObject({ entriesSent: 0, linesLeftOut: 2 });
    expect(stops).toHaveLength(1);
  });

  test('by a task that has got another owner is not waited out', async () => {
    const { print, finish } = ship();
    task.ownerId = 'us';
    print('one\n');
    await clock.advance(1000);
    task.ownerId = 'somebody';
    task.fates = [refused(403)];
    print('two\n');
    await clock.advance(1000);
    expect(stops).toMatchObject([{ entriesSent: 1, linesUnsent: 1 }]);
    await finish();
    expect(task.messages).toHaveLength(1);
  });

  test('of a long entry on a task that is ours leads to a short one', async () => {
    const { print, finish } = ship();
    task.fates = [refused(413)];
    print(`${'x'.repeat(1500)}\n`);
    const { linesLeftOut } = await finish();
    expect([stops.length, linesLeftOut, task.messages[0]?.length]).toEqual([
      0,
      1,
      500 + ' ·deadbeef/2'.length,
    ]);
  });

  test('of the document is told in the last entry', async () => {
    const { print, finish } = ship();
    const { uploadDocument } = task.api;
    task.api.uploadDocument = async () => {
      task.api.uploadDocument = uploadDocument;
      throw refused(403);
    };
    print(numbered(100_000));
    expect((await finish()).documentUri).toBeNull();
    expect(task.messages.at(-1)).toContain(
      'The whole log could not be uploaded: The platform refused with 403.',
    );
  });
});
