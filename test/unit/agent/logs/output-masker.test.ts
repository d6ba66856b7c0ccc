import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SecretSet } from '../../../../src/agent/logs/masker.ts';
import { OutputMasker } from '../../../../src/agent/logs/output-masker.ts';

function maskOutput(chunks: readonly string[], secrets = new SecretSet()): { text: string; short: number } {
  let short = 0;
  const masker = new OutputMasker(secrets, () => short++);
  const parts = chunks.map((chunk) => Buffer.from(masker.push(Buffer.from(chunk))));
  return { text: Buffer.concat([...parts, masker.end()]).toString(), short };
}

describe('a line that announces a secret', () => {
  test('is never shown, and its value is masked from then on, wherever the stream is cut', () => {
    const text = 'a tok-4711\n::add-mask::tok-4711\nb tok-4711 dG9rLTQ3MTE=\n';
    for (let at = 0; at <= text.length; at++) {
      expect(maskOutput([text.slice(0, at), text.slice(at)]).text).toBe('a tok-4711\nb *** ***\n');
    }
  });

  test('byte by byte is none the less one', () => {
    expect(maskOutput([...'x\n::add-mask::tok-4711\ntok-4711']).text).toBe('x\n***');
  });

  test.each([
    ['  ::add-mask::tok-4711\r\nb tok-4711\n', '  b ***\n'],
    ['50 %\r::add-mask::tok-4711\ntok-4711\n', '50 %\r***\n'],
    ['::add-mask:: tok-4711 \ntok-4711\n', '***\n'],
    ['::add-mask::50%25 off\n50% off 50%25 off\n', '*** ***\n'],
    ['::add-mask::line 1%0Aline 2\nline 1\nline 2, line 2\n', '***, ***\n'],
    ['::add-mask::tok-4711', ''],
  ])('may be written %j', (text, expected) => {
    expect(maskOutput([text])).toEqual({ text: expected, short: 0 });
  });

  test.each([
    'x ::add-mask::tok-4711\ntok-4711\n',
    'echo "::add-mask::tok-4711"\n',
    '::add-mask:tok-4711\n',
    '::add-mas',
    '::ADD-MASK::tok-4711\n',
  ])('is not %j', (text) => {
    expect(maskOutput([text]).text).toBe(text);
  });

  test('whose value is too short is told and not shown; an empty one says nothing', () => {
    expect(maskOutput(['::add-mask::admin\n::add-mask::\nadmin\n'])).toEqual({ text: 'admin\n', short: 1 });
  });

  test('holds for the other stream too, also for what waits there', () => {
    const secrets = new SecretSet(['other-secret']);
    const [stdout, stderr] = [new OutputMasker(secrets, fail), new OutputMasker(secrets, fail)];
    const first = stderr.push(Buffer.from('a other-')).toString();
    stdout.push(Buffer.from('::add-mask::other-token\n'));
    expect(first + stderr.push(Buffer.from('token b')).toString() + stderr.end().toString()).toBe('a *** b');
  });

  test('of megabytes is hidden to its end', () => {
    const secrets = new SecretSet();
    const long = `::add-mask::${'x'.repeat(3_000_000)}`;
    expect(maskOutput([long.slice(0, 1_000_000), `${long.slice(1_000_000)}\nnext\n`], secrets).text).toBe(
      'next\n',
    );
  });
});

test('nothing is lost or held back of lines that announce nothing', () => {
  const piece = fc.constantFrom('a', ':', '::add-mask:', ' ', '\n', '\r', 'x::add-mask::y');
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join('');
      fc.pre(!/(^|[\r\n])[ \t]*::add-mask::/.test(text));
      expect(maskOutput(pieces).text).toBe(text);
    }),
    { numRuns: 1000 },
  );
});

test('bytes that announce nothing and hold no secret pass uncopied', () => {
  const chunk = Buffer.from('nothing to hide\n');
  expect(new OutputMasker(new SecretSet(['hunter2']), fail).push(chunk)).toBe(chunk);
});

function fail(): void {
  throw new Error('No value was too short');
}
