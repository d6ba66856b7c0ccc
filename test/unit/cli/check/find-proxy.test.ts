import { expect, test } from 'vitest';
import { findProxy } from '../../../../src/cli/check/find-proxy.ts';

const PROXY = 'http://ann:pass@proxy.acme.example:3128';

test.each([
  ['https://api.kuflow.com', null, 'http://***@proxy.acme.example:3128'],
  ['https://api.kuflow.com', 'kuflow.com', null],
  ['https://api.kuflow.com', '.kuflow.com', null],
  ['https://api.kuflow.com', '*.kuflow.com', null],
  ['https://api.kuflow.com', 'flow.com', 'http://***@proxy.acme.example:3128'],
  ['https://api.kuflow.com', 'api.kuflow.com:443', null],
  ['https://api.kuflow.com:8443', 'api.kuflow.com:443', 'http://***@proxy.acme.example:3128'],
  ['https://api.kuflow.com', '*', null],
  ['http://127.0.0.1:8080', null, null],
  ['http://[::1]:8080', null, null],
])('%s with noProxy %s goes by %s', (endpoint, noProxy, expected) => {
  expect(findProxy({ proxy: PROXY, noProxy }, endpoint, {})).toBe(expected);
});

test('the variables of the environment count where no setting names a proxy', () => {
  const environment = { HTTPS_PROXY: 'http://other.example:1', no_proxy: 'api.beta.example' };
  const settings = { proxy: null, noProxy: null };
  expect(findProxy(settings, 'https://api.kuflow.com', environment)).toBe('http://other.example:1');
  expect(findProxy(settings, 'https://api.beta.example', environment)).toBeNull();
  expect(findProxy(settings, 'https://api.kuflow.com', {})).toBeNull();
});
