import { expect, test } from 'vitest';
import { takeEnvironment } from '../../../src/cli/environment.ts';

test('the secret of a variable is kept for the program and taken from its children', () => {
  const variables = { PATH: '/bin', KUBOT_CLIENT_SECRET: 's3cret' };
  expect(takeEnvironment(variables)).toEqual({ PATH: '/bin', KUBOT_CLIENT_SECRET: 's3cret' });
  expect(variables).toEqual({ PATH: '/bin' });
});

test.each([{}, { KUBOT_CLIENT_SECRET: '' }])(
  'where there is no secret there is no variable: %j',
  (variables) => {
    expect(takeEnvironment({ ...variables, A: '1' })).toEqual({ A: '1' });
  },
);

test('a descriptor that is not the one of the entry is left alone', () => {
  expect(takeEnvironment({ KUBOT_SECRET_FD: '7', A: '1' })).toEqual({ A: '1' });
});
