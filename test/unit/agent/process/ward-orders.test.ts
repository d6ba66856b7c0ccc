import { expect, test } from 'vitest';
import {
  takeOrder,
  type WardOrder,
  type WardState,
  writeOrder,
} from '../../../../src/agent/process/ward-orders.ts';

const cookie = { name: 'KUBOT_RUN_ID', value: 'a "run"' };

function told(...orders: WardOrder[]): Map<number, WardState> {
  const wards = new Map<number, WardState>();
  for (const order of orders) takeOrder(wards, writeOrder(order).trimEnd());
  return wards;
}

test('a watchdog knows a robot from before its start until it is over', () => {
  const expected: WardOrder = { kind: 'expect', ward: 1, cookie };
  const started: WardOrder = { kind: 'started', ward: 1, pid: 70 };
  expect(told(expected)).toEqual(new Map([[1, { cookie, pid: null, seen: new Map() }]]));
  expect(told(expected, started, { kind: 'saw', ward: 1, seen: [[71, '5']] })).toEqual(
    new Map([[1, { cookie, pid: 70, seen: new Map([[71, '5']]) }]]),
  );
  expect(told(expected, started, { kind: 'over', ward: 1 })).toEqual(new Map());
});

test('an order for a robot that is over, and a line cut by the death of the agent, say nothing', () => {
  const wards = told({ kind: 'expect', ward: 1, cookie }, { kind: 'over', ward: 1 });
  takeOrder(wards, '{"kind":"started","ward":1,"pid":7}');
  takeOrder(wards, '{"kind":"expect","ward":2,"coo');
  expect(wards).toEqual(new Map());
});
