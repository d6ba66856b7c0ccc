import { expect, test } from 'vitest';
import { isPresenting, loadPresenting } from '../../../../src/agent/native/shell32.ts';

test.each([
  [1, 'not present', false],
  [2, 'busy', true],
  [3, 'a full-screen game', true],
  [4, 'presentation mode', true],
  [5, 'accepts notifications', false],
  [6, 'quiet time', false],
  [7, 'an app of the store', false],
])('the state %i of Windows (%s) is read', (state, _name, presenting) => {
  expect(isPresenting(state)).toBe(presenting);
});

test('other systems never say that a person presents something', async () => {
  expect((await loadPresenting('linux'))()).toBe(false);
});
