import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findLocalAddress, workerIp } from '../../../../src/agent/worker/local-address.ts';

test.each([
  ['10.0.0.7', '10.0.0.7'],
  ['8.8.8.8', '8.8.8.8'],
  ['::1', '0000:0000:0000:0000:0000:0000:0000:0001'],
  ['::', '0000:0000:0000:0000:0000:0000:0000:0000'],
  ['fe80::1%eth0', 'fe80::1'],
  ['fe80::', 'fe80:0000:0000:0000:0000:0000:0000:0000'],
  ['2001:db8:85a3::8a2e:370:7334', '2001:db8:85a3::8a2e:370:7334'],
  ['1::2%lo', '0001:0000:0000:0000:0000:0000:0000:0002'],
  ['', '127.0.0.1'],
])('the address %j is told as %s', (address, expected) => {
  expect(workerIp(address)).toBe(expected);
});

test('every address is told in 7 to 40 characters, and stays an address', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (address) => {
      const told = workerIp(address);
      expect(told.length).toBeGreaterThanOrEqual(7);
      expect(told.length).toBeLessThanOrEqual(40);
      expect(isIP(told)).not.toBe(0);
    }),
  );
});

test.each([
  ['http://127.0.0.1:8080/v2024-06-14', '127.0.0.1'],
  ['http://localhost:1', /^(127\.0\.0\.1|0000:.*:0001)$/],
])('the route to %s starts at %s', async (endpoint, expected) => {
  expect(await findLocalAddress(endpoint)).toMatch(expected);
});

test('an API whose name does not resolve here still gets an address', async () => {
  expect(isIP(await findLocalAddress('https://no-such-host.invalid'))).not.toBe(0);
});
