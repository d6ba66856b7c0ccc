import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadAccounts } from '../../../../src/agent/native/accounts.ts';

test.runIf(process.platform === 'linux')('knows users and groups as the system does', async () => {
  const accounts = await loadAccounts();
  const [groupName = '', , groupId] = readFileSync('/etc/group', 'utf8').split('\n').at(1)?.split(':') ?? [];
  expect({
    userId: accounts?.userId('root'),
    userName: accounts?.userName(0),
    groupId: accounts?.groupId(groupName),
    unknown: [
      accounts?.userId('nobody-of-this-name'),
      accounts?.userName(999_888),
      accounts?.groupId('no-group'),
    ],
  }).toEqual({ userId: 0, userName: 'root', groupId: Number(groupId), unknown: [null, null, null] });
});

test('knows none on Windows', async () => {
  expect(await loadAccounts('win32')).toBeNull();
});
