import { describe, expect, test } from 'vitest';
import { findPattern, parseHostPattern } from '../../../../src/agent/sandbox/host-pattern.ts';
import { SettingsSchema } from '../../../../src/shared/settings.ts';

function isAllowed(pattern: string, host: string, port: number): boolean {
  return findPattern([parseHostPattern(pattern)], host, port) !== undefined;
}

describe('a pattern of an allow-list', () => {
  test.each([
    ['example.com:443', 'example.com', 443],
    ['example.com:443', 'EXAMPLE.com.', 443],
    ['Example.com:443', 'example.com', 443],
    ['*.example.com:443', 'a.example.com', 443],
    ['*.example.com:443', 'a.b.example.com', 443],
    ['*:443', 'anything.test', 443],
    ['example.com:*', 'example.com', 8080],
    ['10.0.0.7:5432', '10.0.0.7', 5432],
    ['[::1]:80', '[::1]', 80],
    ['[::1]:80', '::1', 80],
  ])('%s allows %s port %i', (pattern, host, port) => {
    expect(isAllowed(pattern, host, port)).toBe(true);
  });

  test.each([
    ['example.com:443', 'example.com', 80],
    ['example.com:443', 'a.example.com', 443],
    ['example.com:443', 'example.com.evil.test', 443],
    ['*.example.com:443', 'example.com', 443],
    ['*.example.com:443', '.example.com', 443],
    ['*.example.com:443', 'notexample.com', 443],
    ['*:443', 'example.com', 444],
  ])('%s does not allow %s port %i', (pattern, host, port) => {
    expect(isAllowed(pattern, host, port)).toBe(false);
  });
});

test.each(['example.com', 'http://example.com:80', '*.*.com:1', 'exa*mple.com:443', 'a:0', 'a..b:1', ''])(
  'the settings refuse the pattern %j',
  (pattern) => {
    expect(SettingsSchema.shape.allowedHosts.safeParse([pattern]).success).toBe(false);
  },
);
