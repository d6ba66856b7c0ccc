import { describe, expect, it } from 'vitest';
import { RunTokens } from '../../../../src/agent/gateway/run-tokens.ts';

describe('RunTokens', () => {
  it('finds the run of a token and nobody else’s', () => {
    const tokens = new RunTokens<string>();
    const [one, two] = [tokens.issue('one'), tokens.issue('two')];
    expect([tokens.find(`Bearer ${one}`), tokens.find(`bearer ${two}`)]).toEqual(['one', 'two']);
  });

  it('makes tokens of 256 bits that never repeat', () => {
    const tokens = new RunTokens<number>();
    const made = Array.from({ length: 100 }, (_, run) => tokens.issue(run));
    expect(new Set(made).size).toBe(100);
    for (const token of made) expect(Buffer.from(token, 'base64url').length).toBe(32);
  });

  it('knows a revoked token no more', () => {
    const tokens = new RunTokens<string>();
    const token = tokens.issue('run');
    tokens.revoke('run');
    expect(tokens.find(`Bearer ${token}`)).toBeUndefined();
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic TOKEN',
    'TOKEN',
    'Bearer TOKENx',
    'Bearer TOKEN, Bearer TOKEN',
  ])('finds no run for %j', (header) => {
    const tokens = new RunTokens<string>();
    const token = tokens.issue('run');
    expect(tokens.find(header?.replaceAll('TOKEN', token))).toBeUndefined();
  });
});
