import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Masker, SecretSet } from '../../../../src/agent/logs/masker.ts';

function mask(secrets: string[], ...chunks: (string | Buffer)[]): string {
  const masker = new Masker(secrets);
  const parts = chunks.map((chunk) => Buffer.from(masker.push(Buffer.from(chunk))));
  return Buffer.concat([...parts, masker.end()]).toString();
}

/** The plain way: marks every byte of every occurrence, then each run of occurrences that overlap is one mask. */
function maskPlainly(secrets: string[], text: string): string {
  const needles = secrets.filter((secret) => secret.length >= 6);
  let result = '';
  let from = -1;
  let to = -1;
  for (let at = 0; at <= text.length; at++) {
    if (from !== -1 && at >= to) {
      result += '***';
      from = -1;
    }
    const length = Math.max(0, ...needles.map((needle) => (text.startsWith(needle, at) ? needle.length : 0)));
    if (length > 0) {
      if (from === -1) from = at;
      to = Math.max(to, at + length);
    } else if (from === -1) result += text[at] ?? '';
  }
  return result;
}

describe('a secret', () => {
  test('is masked wherever it is cut in two', () => {
    const text = 'before hunter2-secret after\n';
    for (let at = 0; at <= text.length; at++) {
      expect(mask(['hunter2-secret'], text.slice(0, at), text.slice(at))).toBe('before *** after\n');
    }
  });

  test('is masked when it comes byte by byte, twice, at both ends', () => {
    expect(mask(['ñandú-77'], ...[...Buffer.from('ñandú-77-ñandú-77')].map((byte) => Buffer.of(byte)))).toBe(
      '***-***',
    );
  });

  test('of fewer than 6 bytes is not masked', () => {
    expect(mask(['admin', ''], 'admin says nothing')).toBe('admin says nothing');
  });

  test('of several lines is masked whole, and each long line of it alone', () => {
    const key = '-----BEGIN KEY-----\nMIIabcdef\nab\n-----END KEY-----';
    expect(mask([key], `<${key}>`)).toBe('<***>');
    expect(mask([key], 'echo MIIabcdef ab')).toBe('echo *** ab');
  });

  test('inside another, or overlapping it, leaves nothing of either', () => {
    expect(mask(['abcdef', 'abcdefghij'], 'xabcdefghijx abcdefx')).toBe('x***x ***x');
    expect(mask(['abcdef', 'defghi'], 'xabcdefghix')).toBe('x***x');
  });

  test('that only begins is given away at the end, and waits before', () => {
    const masker = new Masker(['hunter2-secret']);
    expect(masker.push(Buffer.from('my hunter2-')).toString()).toBe('my ');
    expect(masker.end().toString()).toBe('hunter2-');
  });

  test('in a whole text is masked at once', () => {
    expect(new Masker(['hunter2']).maskText('a hunter2 b hunter')).toBe('a *** b hunter');
  });
});

test('bytes without a secret pass as they are, uncopied', () => {
  const chunk = Buffer.from('nothing to hide\n');
  expect(new Masker(['hunter2']).push(chunk)).toBe(chunk);
  expect(new Masker([]).push(chunk)).toBe(chunk);
});

test('whatever the secrets and the portions, the result is that of the plain way', () => {
  const letters = fc
    .array(fc.constantFrom('a', 'b'), { minLength: 0, maxLength: 60 })
    .map((list) => list.join(''));
  const secret = fc
    .array(fc.constantFrom('a', 'b'), { minLength: 5, maxLength: 14 })
    .map((list) => list.join(''));
  fc.assert(
    fc.property(
      fc.array(secret, { maxLength: 4 }),
      letters,
      fc.array(fc.nat(), { maxLength: 5 }),
      (secrets, text, cuts) => {
        const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
        const chunks = places.slice(1).map((end, index) => text.slice(places[index], end));
        expect(mask(secrets, ...chunks)).toBe(maskPlainly(secrets, text));
      },
    ),
    { numRuns: 2000 },
  );
});

test('a long secret in much text is found at every offset of a portion', () => {
  const secret = 'Zq7-'.repeat(100);
  const text = `${'x'.repeat(1000)}${secret}${'y'.repeat(1000)}`;
  for (let at = 900; at < 1500; at += 7) {
    expect(mask([secret], text.slice(0, at), text.slice(at))).toBe(
      `${'x'.repeat(1000)}***${'y'.repeat(1000)}`,
    );
  }
});

test('tokens that pass are masked until others take their place', () => {
  const secrets = new SecretSet(['the-lasting-secret']);
  const masker = new Masker(secrets);
  const text = 'the-lasting-secret first-token second-token';
  secrets.setPassing(['first-token']);
  expect(masker.maskText(text)).toBe('*** *** second-token');
  secrets.setPassing(['second-token']);
  expect(masker.maskText(text)).toBe('*** first-token ***');
});
