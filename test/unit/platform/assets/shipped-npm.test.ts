import { describe, expect, it } from 'vitest';
import { acceptsNode, findShippedNpm } from '../../../../src/platform/assets/shipped-npm.ts';

const CHANGELOG = `
<a href="#20.11.1">20.11.1</a><br/>
<a id="20.11.1"></a>
* fixes
<a id="20.11.0"></a>
* **deps**: upgrade npm to 10.2.4 (npm team)
<a id="20.8.1"></a>
* fixes
<a id="20.8.0"></a>
* **deps**: upgrade npm to 10.1.0 (npm team)
* **(SEMVER-MINOR)** **deps**: upgrade npm to 10.0.0 (npm team)
`;

describe('findShippedNpm', () => {
  it.each([
    ['20.11.1', '10.2.4'],
    ['20.11.0', '10.2.4'],
    ['20.8.1', '10.1.0'],
    ['20.8.0', '10.1.0'],
    ['20.7.0', null],
  ])('reads the npm of Node.js %s as %s', (version, npm) => {
    expect(findShippedNpm(CHANGELOG, version)).toBe(npm);
  });
});

describe('acceptsNode', () => {
  it.each([
    ['^18.17.0 || >=20.5.0', '20.11.1', true],
    ['^18.17.0 || >=20.5.0', '18.16.0', false],
    ['^18.17.0 || >=20.5.0', '19.9.0', false],
    ['^20.17.0 || >=22.9.0', '20.11.1', false],
    ['6 >=6.2.0 || 8 || >=9.3.0', '6.1.0', false],
    ['6 >=6.2.0 || 8 || >=9.3.0', '8.0.0', true],
    ['>= 10', '10.0.0', true],
    ['*', '4.0.0', true],
    ['latest', '20.0.0', false],
  ])('reads %j for %s as %s', (range, version, expected) => {
    expect(acceptsNode(range, version)).toBe(expected);
  });
});
