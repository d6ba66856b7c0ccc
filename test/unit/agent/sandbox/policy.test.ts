import { describe, expect, test } from 'vitest';
import { sandboxPolicy } from '../../../../src/agent/sandbox/policy.ts';
import { SettingsSchema } from '../../../../src/shared/settings.ts';

const policyOf = (settings: Record<string, unknown>) =>
  sandboxPolicy(SettingsSchema.parse(settings), '/home/ada');

describe('the policy of a robot', () => {
  test('without any setting is standard, with an open network and no grant', () => {
    expect(policyOf({})).toEqual({
      level: 'standard',
      required: false,
      gui: 'none',
      allowedHosts: null,
      files: { read: [], write: [] },
      sockets: [],
      homeMode: 'run',
      limits: { memoryBytes: null, processes: null, cpuPercent: null, openFiles: null },
    });
  });

  test('has absolute paths', () => {
    const { files, sockets } = policyOf({
      files: { read: ['~/Documents', '~'], write: ['/srv/../srv//out'] },
      sockets: ['/run/x.sock'],
    });
    expect({ files, sockets }).toEqual({
      files: { read: ['/home/ada/Documents', '/home/ada'], write: ['/srv/out'] },
      sockets: ['/run/x.sock'],
    });
  });

  test('in strict is required and an allow-list, whatever else is set', () => {
    const { required, allowedHosts } = policyOf({
      sandbox: 'strict',
      network: 'open',
      allowedHosts: ['a.test:443'],
    });
    expect({ required, allowedHosts }).toEqual({
      required: true,
      allowedHosts: [{ text: 'a.test:443', host: 'a.test', port: 443 }],
    });
  });

  test('has an allow-list in standard too, where it is asked for', () => {
    expect(policyOf({ network: 'allow-list' }).allowedHosts).toEqual([]);
  });
});

test.each([
  ['files', { read: ['Documents'] }],
  ['files', { execute: ['/x'] }],
  ['sockets', ['relative.sock']],
  ['limits', { memoryBytes: 1 }],
  ['limits', { processes: 0 }],
  ['gui', 'vnc'],
  ['network', 'closed'],
])('the settings refuse %s %j', (key, value) => {
  expect(SettingsSchema.safeParse({ [key]: value }).success).toBe(false);
});
