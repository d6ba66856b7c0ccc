import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Masker } from '../../../../src/agent/logs/masker.ts';
import { isMaskable } from '../../../../src/agent/logs/secret-forms.ts';

const NASTY = `p@ss "w0rd" & <it's> \\ $1/ñ€😀+=%~!*(x)`;

/** What programs make of a text, by means of their own wherever JavaScript has any. */
const WRITERS: Record<string, (text: string) => string> = {
  'as it is': (text) => text,
  'JSON.stringify': (text) => JSON.stringify({ text }),
  'JSON in JSON': (text) => JSON.stringify({ body: JSON.stringify({ text }) }),
  'JSON in ASCII': (text) => JSON.stringify(text).replace(/[\u0080-\uffff]/g, hexCode),
  'JSON for HTML': (text) => JSON.stringify(text).replace(/[<>&]/g, hexCode),
  'JSON with slashes escaped': (text) => JSON.stringify(text).replaceAll('/', '\\/'),
  encodeURIComponent: (text) => `q=${encodeURIComponent(text)}&`,
  encodeURI: (text) => encodeURI(text),
  URLSearchParams: (text) => new URLSearchParams({ text }).toString(),
  'lower-case percent': (text) => encodeURIComponent(text).replace(/%../g, (code) => code.toLowerCase()),
  'a URL’s login': (text) => Object.assign(new URL('https://u@h/'), { password: text }).password,
  'XML text': (text) => text.replace(/[&<>]/g, entity),
  'XML attribute': (text) => `<a b="${text.replace(/[&<>"]/g, entity)}"/>`,
  'HTML with both quotes': (text) => text.replace(/[&<>"']/g, entity),
  'single quotes of a shell': (text) => `'${text.replaceAll("'", `'\\''`)}'`,
  'double quotes of a shell': (text) => `"${text.replace(/["\\$`]/g, '\\$&')}"`,
  'a PowerShell string': (text) => `'${text.replaceAll("'", "''")}'`,
  hex: (text) => Buffer.from(text).toString('hex'),
  'hex in upper case': (text) => Buffer.from(text).toString('hex').toUpperCase(),
  base64: (text) => Buffer.from(text).toString('base64'),
  base64url: (text) => Buffer.from(text).toString('base64url'),
};

function hexCode(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function entity(sign: string): string {
  return { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }[sign] ?? '&#39;';
}

function maskIn(secret: string, chunks: Buffer[]): string {
  const masker = new Masker([secret]);
  return Buffer.concat([...chunks.map((chunk) => Buffer.from(masker.push(chunk))), masker.end()]).toString();
}

describe('a secret full of special characters', () => {
  test.each(Object.keys(WRITERS))('written by %s is masked wherever it is cut in two', (name) => {
    const written = WRITERS[name]?.(NASTY) ?? '';
    const text = Buffer.from(`before ${written} after\n`);
    const whole = maskIn(NASTY, [text]);
    expect(whole).toMatch(
      /^before \W?(\w+=|<a b="|q=|\{\W*text\W*|\{\W*body\W*text\W*)?"?\*\*\*\W* after\n$/,
    );
    for (let at = 0; at <= text.length; at++) {
      expect(maskIn(NASTY, [text.subarray(0, at), text.subarray(at)])).toBe(whole);
    }
  });
});

describe('any secret', () => {
  const secret = fc
    .string({ unit: 'binary', minLength: 6, maxLength: 11 })
    .filter((text) => text.trim() === text);

  test('is in no form of it left in the output, however the stream is cut', () => {
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom(...Object.keys(WRITERS)),
        fc.array(fc.nat(400), { maxLength: 6 }),
        (text, name, cuts) => {
          fc.pre(text.isWellFormed());
          const written = WRITERS[name]?.(text) ?? '';
          const bytes = Buffer.from(`>${written}<`);
          const places = [0, ...cuts.map((cut) => cut % bytes.length), bytes.length].sort((a, b) => a - b);
          const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
          const masked = maskIn(text, chunks);
          expect(masked).toContain('***');
          expect(masked.length).toBeLessThan(bytes.length);
        },
      ),
      { numRuns: 1500 },
    );
  });

  test('inside of what is encoded as a whole shows at most the characters that it shares with its neighbours', () => {
    const bytes = fc.uint8Array({ maxLength: 9 }).map((array) => Buffer.from(array));
    fc.assert(
      fc.property(
        secret,
        bytes,
        bytes,
        fc.constantFrom('base64', 'base64url'),
        (text, before, after, encoding) => {
          fc.pre(text.isWellFormed());
          const length = Buffer.byteLength(text);
          const encoded = Buffer.concat([before, Buffer.from(text), after]).toString(encoding);
          const from = Math.ceil((before.length * 8) / 6);
          const to = Math.floor(((before.length + length) * 8) / 6);
          const masked = maskIn(text, [Buffer.from(encoded)]);
          expect([
            `${encoded.slice(0, from)}***${encoded.slice(to)}`,
            // The character that begins with the secret's last bits, and what fills the end.
            `${encoded.slice(0, from)}***${encoded.slice(to + 1)}`,
            `${encoded.slice(0, from)}***${encoded.slice(to + 1).replace(/^=+/, '')}`,
          ]).toContain(masked);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a secret of several lines', () => {
  const lines = Array.from({ length: 12 }, (_, at) => `${at}`.padStart(2, '0').repeat(32));
  const key = `-----BEGIN KEY-----\n${lines.join('\n')}\n-----END KEY-----\n`;

  test.each([
    ['by one of its lines, in base64', Buffer.from(lines[3] ?? '').toString('base64')],
    ['whole, with its line ends escaped', JSON.stringify(key)],
    ['whole, with Windows line ends', key.replaceAll('\n', '\r\n')],
    ['without its last line end', key.trim()],
    ['as base64 of 76 a line', inLines(Buffer.from(key).toString('base64'), 76)],
    ['as base64 of 64 a line', inLines(Buffer.from(key).toString('base64'), 64)],
    ['as hex of 60 a line', inLines(Buffer.from(key).toString('hex'), 60)],
  ])('is masked %s', (_how, text) => {
    const masked = maskIn(key, [Buffer.from(`${text}\n`)]);
    expect(masked.replaceAll('***', '')).toMatch(/^[\s"=]*(\\n)?[\s"=]*$/);
  });

  function inLines(text: string, width: number): string {
    return text.replace(new RegExp(`.{${width}}`, 'g'), '$&\n');
  }
});

test.each([
  ['12345', false],
  ['123456', true],
  ['ñññ', true],
  ['', false],
])('the value %j can be masked: %s', (value, expected) => {
  expect(isMaskable(value)).toBe(expected);
});
