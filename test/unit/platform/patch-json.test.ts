import { describe, expect, it } from 'vitest';
import { patchJson } from '../../../src/platform/patch-json.ts';

describe('patchJson', () => {
  it.each([
    ['adds to no data', null, [{ op: 'add', path: '/a', value: null }], { a: null }],
    ['appends to a list', { a: [1] }, [{ op: 'add', path: '/a/-', value: 2 }], { a: [1, 2] }],
    ['unescapes names', {}, [{ op: 'add', path: '/a~1b~0c', value: 1 }], { 'a/b~c': 1 }],
    ['copies', { a: { b: 1 } }, [{ op: 'copy', from: '/a', path: '/c' }], { a: { b: 1 }, c: { b: 1 } }],
    ['replaces the whole document', { a: 1 }, [{ op: 'replace', path: '', value: { b: 2 } }], { b: 2 }],
    ['moves a part to be the whole', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '' }], { b: 1 }],
  ])('%s', (_, data, operations, expected) => {
    expect(patchJson(data, operations)).toEqual(expected);
  });

  it.each([
    ['a test that fails', [{ op: 'test', path: '/a', value: 2 }], '[0]'],
    ['a path without a parent', [{ op: 'add', path: '/x/y', value: 2 }], '[0]'],
    [
      'a second operation that cannot be',
      [
        { op: 'add', path: '/b', value: 1 },
        { op: 'remove', path: '/c' },
      ],
      '[1]',
    ],
    ['a path that is no pointer', [{ op: 'add', path: 'b', value: 1 }], '[0]'],
    ['an addition of nothing', [{ op: 'add', path: '/b' }], '[0]'],
  ])('refuses %s with 400 and its place', (_, operations, location) => {
    expect(() => patchJson({ a: 1 }, operations)).toThrow(
      expect.objectContaining({ status: 400, errors: [expect.objectContaining({ location })] }),
    );
  });

  it('leaves the data that it was given as it is', () => {
    const data = { list: [1] };
    patchJson(data, [{ op: 'add', path: '/list/-', value: 2 }]);
    expect(data).toEqual({ list: [1] });
  });

  it('refuses to leave something else than an object', () => {
    expect(() => patchJson({ a: 1 }, [{ op: 'remove', path: '' }])).toThrow('no JSON object');
  });

  it('never reaches the prototype of objects', () => {
    patchJson({}, [{ op: 'add', path: '/__proto__/polluted', value: 1 }]);
    expect('polluted' in {}).toBe(false);
  });
});
