import { describe, expect, test } from 'vitest';
import { judgeCaller, OWNER, refusalOf, resolveGrants } from '../../../../src/agent/control/grants.ts';
import { control } from '../../../../src/shared/setting-shapes.ts';

const ACCOUNTS = {
  userId: (name: string) => ({ anna: 1001, ben: 1002 })[name] ?? null,
  groupId: (name: string) => ({ operators: 500 })[name] ?? null,
};
const SERVICE = 990;
const nameOf = (id: number) => ({ 1001: 'anna', 1002: 'ben', 1003: 'cleo' })[id] ?? null;

describe('names of the setting', () => {
  test('become the system’s numbers, and numbers are taken as they are', () => {
    const given = control.parse({ allowUsers: { anna: 'read', '1044': 'full' }, group: '77' });
    expect(resolveGrants(given, ACCOUNTS)).toEqual({
      users: new Map([
        [1001, { name: 'anna', grade: 'read' }],
        [1044, { name: '1044', grade: 'full' }],
      ]),
      group: { id: 77, grade: 'read' },
      unknown: [],
    });
  });

  test('that the system does not know are told, and let nobody in', () => {
    const given = control.parse({ allowUsers: { nobody7: 'full', '007': 'full' }, group: 'gone' });
    expect(resolveGrants(given, ACCOUNTS)).toEqual({
      users: new Map(),
      group: null,
      unknown: ['the user nobody7', 'the user 007', 'the group gone'],
    });
  });
});

test.each<[string, unknown]>([
  ['a grade that does not exist', { allowUsers: { anna: 'write' } }],
  ['a grade in capitals', { groupAccess: 'FULL' }],
  ['a key that does not exist', { allowUser: {} }],
  ['a list in place of names with grades', { allowUsers: ['anna'] }],
  ['a user without a name', { allowUsers: { '': 'read' } }],
  ['an empty group', { group: '' }],
])('the setting refuses %s', (_what, value) => {
  expect(control.safeParse(value).success).toBe(false);
});

describe('who connects', () => {
  const grants = resolveGrants(
    control.parse({ allowUsers: { anna: 'read', ben: 'full' }, group: 'operators', groupAccess: 'full' }),
    ACCOUNTS,
  );
  test.each([
    ['as the agent’s own user is the owner', SERVICE, [], OWNER],
    ['as root is the owner', 0, [], OWNER],
    ['as a user who may read, reads', 1001, [1001], { access: 'read', user: 'anna' }],
    ['as a user with full access has it', 1002, [1002], { access: 'full', user: 'ben' }],
    ['as one of the group has what the group has', 1003, [1003, 500], { access: 'full', user: 'cleo' }],
    [
      'as a user and of the group has what is said of the user',
      1001,
      [500],
      { access: 'read', user: 'anna' },
    ],
    ['as a user without a name is told by number', 4711, [500], { access: 'full', user: '4711' }],
    ['as anybody else has nothing', 1003, [1003], null],
    ['without groups that are told has nothing by them', 1003, null, null],
    ['without a user that is told has nothing', null, [500], null],
  ])('%s', (_what, userId, groupIds, expected) => {
    expect(judgeCaller({ userId, groupIds }, grants, SERVICE, nameOf)).toEqual(expected);
  });

  test('has nothing where nobody was let in, whatever their groups', () => {
    const nobody = resolveGrants(control.parse({}), ACCOUNTS);
    expect(judgeCaller({ userId: 1001, groupIds: [500, 0] }, nobody, SERVICE, nameOf)).toBeNull();
  });

  test('and is let in by nobody reads who may, without the names of those', () => {
    const given = control.parse({ allowUsers: { anna: 'full' }, group: 'operators' });
    expect(refusalOf('cleo', given, 'kubot')).toMatchObject({
      code: 'CONTROL_REFUSED',
      message:
        'cleo may not use this agent. It belongs to kubot, who may, those of the group operators and the users that control.allowUsers names.',
    });
  });
});
