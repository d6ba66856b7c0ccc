import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { proxyVariables, readCaFile } from '../../../../src/agent/config/apply-network-settings.ts';

describe('the proxy', () => {
  const none = { proxy: null, noProxy: null };

  test('is none where nobody names one', () => {
    expect(proxyVariables(none, {})).toBeNull();
    expect(proxyVariables(none, { HTTPS_PROXY: '', NO_PROXY: 'x' })).toBeNull();
  });

  test('is the setting’s before the environment’s, never for this machine', () => {
    expect(
      proxyVariables(
        { proxy: 'http://p:1', noProxy: 'a.example, localhost' },
        { HTTPS_PROXY: 'http://q:2', NO_PROXY: 'b.example' },
      ),
    ).toEqual({
      http_proxy: 'http://p:1',
      https_proxy: 'http://p:1',
      no_proxy: 'a.example,localhost,127.0.0.1,::1',
    });
  });

  test('is the environment’s, lower case before upper case', () => {
    expect(
      proxyVariables(none, { https_proxy: 'http://q:2', HTTPS_PROXY: 'http://r:3', NO_PROXY: 'b.example' }),
    ).toEqual({ https_proxy: 'http://q:2', no_proxy: 'b.example,127.0.0.1,localhost,::1' });
  });
});

describe('the file of further authorities', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kubot-ca-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test('that is missing or holds none is refused by name', () => {
    const path = join(folder, 'ca.pem');
    expect(() => readCaFile(path)).toThrow(`${path} of caFile cannot be read`);
    writeFileSync(path, 'hello');
    expect(() => readCaFile(path)).toThrow(`${path} of caFile holds no certificate`);
  });
});
