import { describe, expect, it } from 'vitest';
import { chooseVersion, compareVersions } from '../../../../src/platform/assets/versions.ts';

describe('chooseVersion', () => {
  it.each([
    ['3.11.7', ['3.11.2', '3.11.7', '3.11.9'], 'same-minor', '3.11.7'],
    ['3.11.4', ['3.11.2', '3.11.10', '3.11.9', '3.12.1'], 'same-minor', '3.11.10'],
    ['3.1', ['3.10.13', '3.11.2'], 'same-minor', null],
    ['3.10', ['3.1.5', '3.10.13'], 'same-minor', '3.10.13'],
    ['20.11.1', ['18.20.0', '20.9.0', '20.20.2', '22.1.0'], 'same-major', '20.20.2'],
    ['20', ['20.9.0', '200.1.0'], 'same-major', '20.9.0'],
    ['20.11.1', ['20.99.0-rc.1', '20.9.0'], 'same-major', '20.9.0'],
    ['latest', ['20.9.0'], 'same-major', null],
    ['3.14.0', [], 'same-minor', null],
  ] as const)('serves %s out of %j by %s as %s', (requested, available, substitution, expected) => {
    expect(chooseVersion(requested, available, substitution)).toBe(expected);
  });
});

describe('compareVersions', () => {
  it('orders by number, not by letter', () => {
    expect(['3.10.0', '3.9.1', '3.9.10', '3.9.2'].sort(compareVersions)).toEqual([
      '3.9.1',
      '3.9.2',
      '3.9.10',
      '3.10.0',
    ]);
  });
});
