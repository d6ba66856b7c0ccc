/** Shorter values would mask half of a log: `admin`, `true`, `8080`. */
export const MIN_SECRET_BYTES = 6;

/** Lines of base64 as `base64`, MIME and Python (76) and PEM and openssl (64) cut them. */
const BASE64_LINES = [76, 64];
/** Lines of `xxd -p`. */
const HEX_LINES = [60];

/** True when a value is long enough to be looked for. */
export function isMaskable(secret: string): boolean {
  return Buffer.byteLength(secret) >= MIN_SECRET_BYTES;
}

/**
 * What a secret may look like in a robot's output: as it is, each long line of it, and each of these as programs
 * write it in JSON, URLs, XML, shells, hex, and in base64 wherever it begins within three bytes.
 */
export function secretForms(secret: string): Set<string> {
  const forms = new Set<string>();
  const lines = secret.split(/\r?\n/);
  const trimmed = secret.trim();
  for (const piece of new Set([secret, trimmed, ...lines, ...lines.map((line) => line.trim())])) {
    if (!isMaskable(piece)) continue;
    for (const form of [...textForms(piece), ...byteForms(piece)]) forms.add(form);
  }
  for (const line of cutForms(trimmed)) if (isMaskable(line)) forms.add(line);
  return forms;
}

function textForms(text: string): string[] {
  return [text, ...jsonForms(text), ...urlForms(text), ...xmlForms(text), ...shellForms(text)];
}

function byteForms(text: string): string[] {
  const bytes = Buffer.from(text);
  const hex = bytes.toString('hex');
  return [hex, hex.toUpperCase(), ...base64Forms(bytes)];
}

/** As JavaScript, Python (ASCII alone), Go (nothing of HTML), .NET (both, upper case) and PHP (slashes) write it; and once more inside a string. */
function jsonForms(text: string): string[] {
  const inner = (value: string) => JSON.stringify(value).slice(1, -1);
  const escaped = (value: string, which: RegExp, upper = false) =>
    value.replace(which, (sign) => {
      const code = sign.charCodeAt(0).toString(16).padStart(4, '0');
      return `\\u${upper ? code.toUpperCase() : code}`;
    });
  const plain = inner(text);
  const ascii = escaped(plain, /[\u007f-\uffff]/g);
  const forms = [
    plain,
    ascii,
    escaped(plain, /[<>&\u2028\u2029]/g),
    escaped(plain.replaceAll('\\"', '\\u0022'), /[<>&'+`\u007f-\uffff]/g, true),
    ascii.replaceAll('/', '\\/'),
    plain.replaceAll('/', '\\/'),
  ];
  return [...forms, inner(plain), inner(ascii)];
}

/** What different writers of URLs keep: JavaScript's two, RFC 3986, the same before it knew the tilde, HTML forms, and a login, a path and a query by WHATWG. */
const KEPT_IN_URLS = [
  /[A-Za-z0-9_.!~*'()-]/,
  /[A-Za-z0-9_.!~*'();/?:@&=+$,#-]/,
  /[A-Za-z0-9_.~-]/,
  /[A-Za-z0-9_.-]/,
  /[A-Za-z0-9_.*-]/,
  /[A-Za-z0-9!$%&'()*+,._~-]/,
  /[!$-;=@-Z[-_a-z|~]/,
  /[!$-&(-;=?-_`a-~]/,
];

/** With the slash kept or not, a space as %20 or +, and hex in both cases. */
function urlForms(text: string): string[] {
  return KEPT_IN_URLS.map((kept) => percent(text, kept))
    .flatMap((form) => [form, form.replaceAll('%2F', '/')])
    .flatMap((form) => [form, form.replaceAll('%20', '+')])
    .flatMap((form) => [form, form.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())]);
}

function percent(text: string, kept: RegExp): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const sign = String.fromCharCode(byte);
      return byte < 128 && kept.test(sign) ? sign : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}

/** Text and attributes, with the quotes as XML, HTML, Python and Go write them; beyond ASCII as it is or by number. */
function xmlForms(text: string): string[] {
  const basic = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const quotes = [
    ['"', "'"],
    ['&quot;', "'"],
    ['&quot;', '&apos;'],
    ['&quot;', '&#39;'],
    ['&quot;', '&#039;'],
    ['&quot;', '&#x27;'],
    ['&#34;', '&#39;'],
  ];
  return quotes
    .map(([double = '', single = '']) => basic.replaceAll('"', double).replaceAll("'", single))
    .flatMap((form) => [
      form,
      form.replace(/[\u{80}-\u{10ffff}]/gu, (sign) => `&#${sign.codePointAt(0)};`),
      form.replace(/[\u{80}-\u{10ffff}]/gu, (sign) => `&#x${sign.codePointAt(0)?.toString(16)};`),
    ]);
}

/** Inside quotes of each kind as `set -x`, `printf %q`, Python's shlex and people write them; and Python's own repr. */
function shellForms(text: string): string[] {
  const control: Record<string, string> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  const ansi = text.replace(/[\\'\n\r\t]/g, (sign) => control[sign] ?? `\\${sign}`);
  const repr = text.replace(/[\\\n\r\t]/g, (sign) => control[sign] ?? `\\${sign}`);
  return [
    text.replaceAll("'", "'\\''"),
    text.replaceAll("'", `'"'"'`),
    text.replace(/["\\$`]/g, '\\$&'),
    text.replace(/["\\$`!]/g, '\\$&'),
    text.replace(/[^A-Za-z0-9_@%+=:,./\u0080-\uffff-]/g, '\\$&'),
    text.replace(/[^A-Za-z0-9_@%+:./\u0080-\uffff-]/g, '\\$&'),
    text.replace(/[ !"#$&'()*,;<>?[\\\]^`{|}]/g, '\\$&'),
    text.replaceAll("'", "''"),
    ansi,
    octal(ansi),
    repr,
    [...repr].map(byteEscape).join(''),
  ];
}

/** bash writes what is beyond ASCII by its bytes where the locale does not know it. */
function octal(text: string): string {
  return text.replace(/[\u{80}-\u{10ffff}]/gu, (sign) =>
    [...Buffer.from(sign)].map((byte) => `\\${byte.toString(8)}`).join(''),
  );
}

function byteEscape(sign: string): string {
  if (sign.length === 1 && sign < '\u0080') return sign;
  return [...Buffer.from(sign)].map((byte) => `\\x${byte.toString(16)}`).join('');
}

/**
 * The characters that depend on these bytes alone, when none, one or two bytes come before them in their group of
 * three; and to their end, as when nothing follows.
 */
function base64Forms(bytes: Buffer): string[] {
  const forms = [0, 1, 2].flatMap((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor(((before + bytes.length) * 8) / 6);
    const ended = encoded.slice(from);
    return [encoded.slice(from, to), ended, ended.replaceAll('=', '')];
  });
  return [...forms, ...forms.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}

/** A long secret that was encoded alone comes in lines; many a program encodes it with the end of line it was read with. */
function cutForms(secret: string): string[] {
  return [secret, `${secret}\n`].flatMap((text) => {
    const bytes = Buffer.from(text);
    const hex = bytes.toString('hex');
    return [
      ...BASE64_LINES.flatMap((width) => linesOf(bytes.toString('base64'), width)),
      ...HEX_LINES.flatMap((width) => [...linesOf(hex, width), ...linesOf(hex.toUpperCase(), width)]),
    ];
  });
}

/** None when one line takes it all: that is looked for already. */
function linesOf(text: string, width: number): string[] {
  if (text.length <= width) return [];
  const lines = Array.from({ length: Math.ceil(text.length / width) }, (_, at) =>
    text.slice(at * width, (at + 1) * width),
  );
  const end = lines.slice(-2);
  // The last one may be too short to be looked for by itself.
  return [...lines, end.join('\n'), end.join('\r\n')];
}
