import { expect, test } from 'vitest';
import { icaclsArguments, parseUserSid } from '../../../../src/agent/process/icacls.ts';

const SID = 'S-1-5-21-1004336348-1177238915-682003330-512';

test('a folder is left to its user, the system and the administrators', () => {
  expect(icaclsArguments('C:\\Users\\José\\kubot runner', SID)).toEqual([
    'C:\\Users\\José\\kubot runner',
    '/inheritance:r',
    '/grant:r',
    `*${SID}:(OI)(CI)F`,
    '/grant:r',
    '*S-1-5-18:(OI)(CI)F',
    '/grant:r',
    '*S-1-5-32-544:(OI)(CI)F',
    '/Q',
  ]);
});

test.each([
  [`"DESKTOP\\josé","${SID}"\r\n`, SID],
  [`"a ""quoted"" name","${SID}"`, SID],
  ['ERROR: Access is denied.\r\n', null],
  ['', null],
])('of %j the number of the user is %s', (text, sid) => {
  expect(parseUserSid(text)).toBe(sid);
});
