import { expect, test } from 'vitest';
import { openKeyringEntry } from '../../../../src/agent/native/keyring.ts';

test('a system that the library has no binary for is an error with its fix', async () => {
  const load = () => Promise.reject(new Error('Cannot find native binding.'));
  const error = await openKeyringEntry('app', { loadLibrary: load }).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({
    code: 'KEYRING_UNAVAILABLE',
    message: `No keyring can be used: its library has no binary for ${process.platform}-${process.arch}.`,
    hint: expect.stringContaining('KUBOT_CLIENT_SECRET_FILE'),
  });
});
