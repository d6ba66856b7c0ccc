import { expect, test } from 'vitest';
import { operationInData } from '../../../../src/agent/sources/inbox.ts';

const data = {
  operation: 'Check',
  robot: { steps: ['First', { name: 'Second' }] },
  'a/b': { 'c~d': 'Escaped' },
  '': { '': 'Empty' },
  number: 7,
  blank: '',
  nothing: null,
};

test.each([
  ['/operation', 'Check'],
  ['/robot/steps/0', 'First'],
  ['/robot/steps/1/name', 'Second'],
  ['/a~1b/c~0d', 'Escaped'],
  ['//', 'Empty'],
  ['/missing', null],
  ['/operation/deeper', null],
  ['/robot/steps/9', null],
  ['/robot/steps/length', null],
  ['/number', null],
  ['/blank', null],
  ['/nothing', null],
  ['/robot', null],
  ['/toString', null],
  ['/__proto__', null],
  ['', null],
])('the pointer %j finds the operation %j in a task’s data', (pointer, operation) => {
  expect(operationInData(data, pointer)).toBe(operation);
});

test.each([[undefined], [null], ['Check'], [[]]])('data that is %j names none', (nothing) => {
  expect(operationInData(nothing, '/operation')).toBeNull();
});
