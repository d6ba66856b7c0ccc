import { describe, expect, test } from 'vitest';
import { parseManifest } from '../../../../src/agent/packages/manifest.ts';
import { toAgentError } from '../../../../src/shared/errors.ts';

const OPERATION = 'operations: [{ name: A, shell: a }]\n';

describe('a manifest', () => {
  test('is read with its operations, tools and steps', () => {
    const text = `# A robot
operations:
  - name: Desktop screenshot to KuFlow
    shell: python -m my_robot.tasks --output-dir \${KUFLOW_EXECUTION_OUTDIR}
  - name: "Second: with a colon"
    shell: |
      python one.py
      python two.py
tools:
  python: 3.11.4
  nodejs: '20.11.1'
post-install:
  - name: Install dependencies
    shell: pip install -r requirements.txt
  - shell: npm ci
`;
    expect(parseManifest(text)).toEqual({
      manifest: {
        operations: [
          {
            name: 'Desktop screenshot to KuFlow',
            shell: `python -m my_robot.tasks --output-dir \${KUFLOW_EXECUTION_OUTDIR}`,
          },
          { name: 'Second: with a colon', shell: 'python one.py\npython two.py\n' },
        ],
        tools: { python: '3.11.4', nodejs: '20.11.1' },
        postInstall: [
          { name: 'Install dependencies', shell: 'pip install -r requirements.txt' },
          { name: 'step 2', shell: 'npm ci' },
        ],
      },
      warnings: [],
    });
  });

  test.each([
    ['tools that are left empty', `${OPERATION}tools:\npost-install:\n`],
    ['Windows line ends', OPERATION.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${OPERATION}`],
    ['a document mark', `---\n${OPERATION}...\n`],
    ['no line end', OPERATION.trimEnd()],
  ])('may have %s', (_what, text) => {
    expect(parseManifest(text)).toEqual({
      manifest: { operations: [{ name: 'A', shell: 'a' }], tools: {}, postInstall: [] },
      warnings: [],
    });
  });

  test.each([
    ['3.10', '3.10'],
    ['3.0', '3.0'],
    ['20', '20'],
    ['3.11.4', '3.11.4'],
    ['"3.10"', '3.10'],
    ["'3.10'", '3.10'],
    ['3.10 # not 3.1', '3.10'],
    ['3.13.0rc1', '3.13.0rc1'],
    ['20.0.0-nightly', '20.0.0-nightly'],
    ['1e3', '1e3'],
    ['0x14', '0x14'],
    ['!!float 3.10', '3.10'],
  ])('has its versions as they are written: %s', (written, version) => {
    const { manifest } = parseManifest(`${OPERATION}tools:\n  python: ${written}\n`);
    expect(manifest.tools).toEqual({ python: version });
  });

  test('has its versions as they are written, also in YAML 1.1', () => {
    const tools = 'tools: { python: 3.10, nodejs: 20.10 }';
    const { manifest } = parseManifest(`%YAML 1.1\n---\noperations: [{ name: yes, shell: on }]\n${tools}\n`);
    expect(manifest).toEqual({
      operations: [{ name: 'yes', shell: 'on' }],
      tools: { python: '3.10', nodejs: '20.10' },
      postInstall: [],
    });
  });

  test.each([
    ['2024', '2024'],
    ['true', 'true'],
    ['0x10', '0x10'],
    ['1_000', '1_000'],
    ['2024-01-01', '2024-01-01'],
  ])('has text as it is written where YAML sees something else: %s', (written, name) => {
    const { manifest } = parseManifest(`operations: [{ name: ${written}, shell: ${written} }]`);
    expect(manifest.operations).toEqual([{ name, shell: name }]);
  });

  test('is read past keys that are not known, with a warning for each', () => {
    const text = `author: Ana
operations:
  - name: A
    shell: a
    icon: star
tools:
  python: 3.11
  ruby: 3.3
post_install:
  - shell: pip install
defaults: &d { a: 1 }
more: *d
`;
    expect(parseManifest(text)).toEqual({
      manifest: { operations: [{ name: 'A', shell: 'a' }], tools: { python: '3.11' }, postInstall: [] },
      warnings: [
        'kubot.yaml line 1: author is not known and was left out.',
        'kubot.yaml line 5: operations[0].icon is not known and was left out.',
        'kubot.yaml line 8: tools.ruby is not known and was left out.',
        'kubot.yaml line 9: post_install is not known and was left out; did you mean post-install?',
        'kubot.yaml line 11: defaults is not known and was left out.',
        'kubot.yaml line 12: more is not known and was left out.',
      ],
    });
  });

  test('gives no more than twenty warnings, and says how many there were', () => {
    const keys = Array.from({ length: 500 }, (_, index) => `key-number-${index}: 1`).join('\n');
    const { warnings } = parseManifest(`${OPERATION}${keys}`);
    expect([warnings.length, warnings.at(-1)]).toEqual([21, 'kubot.yaml: 480 more keys are not known.']);
  });

  test('may name keys as objects name their own', () => {
    const { manifest } = parseManifest(`${OPERATION}__proto__: { polluted: yes }\nconstructor: 1\n`);
    expect(manifest.operations).toEqual([{ name: 'A', shell: 'a' }]);
    expect('polluted' in manifest).toBe(false);
  });
});

describe('a manifest is invalid', () => {
  test.each<[string, string, number, string | null, string]>([
    ['empty', '', 1, null, 'the file is empty'],
    ['only a comment', '# nothing\n', 1, null, 'the file is empty'],
    ['a word', '\nrobot', 2, null, 'the file must hold the keys operations, tools and post-install'],
    ['a list', '- name: A', 1, null, 'the file must hold the keys operations, tools and post-install'],
    [
      'without operations',
      'tools:\n  python: 3.11\n',
      1,
      'operations',
      'is missing: a robot needs at least one operation',
    ],
    ['with operations left empty', 'tools: {}\noperations:\n', 2, 'operations', 'must be a list'],
    [
      'with an empty list of operations',
      'tools: {}\noperations: []\n',
      2,
      'operations',
      'is empty: a robot needs at least one operation',
    ],
    ['with operations as a map', 'operations:\n  A:\n    shell: a\n', 1, 'operations', 'must be a list'],
    [
      'with an operation that is text',
      'operations:\n  - A\n',
      2,
      'operations[0]',
      'must have the keys name and shell',
    ],
    [
      'with an operation that is nothing',
      'operations:\n  - name: A\n    shell: a\n  -\n',
      4,
      'operations[1]',
      'must have the keys name and shell',
    ],
    [
      'without a shell',
      'operations:\n  - name: A\n    shell: a\n  - name: B\n',
      4,
      'operations[1].shell',
      'is missing',
    ],
    ['without a name', 'operations:\n  - shell: a\n', 2, 'operations[0].name', 'is missing'],
    [
      'with an empty shell',
      'operations:\n  - name: A\n    shell:\n',
      3,
      'operations[0].shell',
      'must not be empty',
    ],
    [
      'with a blank name',
      'operations:\n  - name: "  "\n    shell: a\n',
      2,
      'operations[0].name',
      'must not be empty',
    ],
    [
      'with a list for a shell',
      'operations:\n  - name: A\n    shell: [a, b]\n',
      3,
      'operations[0].shell',
      'must be text',
    ],
    [
      'with a NUL in a shell',
      'operations:\n  - name: A\n    shell: "a\\0b"\n',
      3,
      'operations[0].shell',
      'must not hold a NUL character',
    ],
    [
      'with one name twice',
      'operations:\n  - name: A\n    shell: a\n  - name: A\n    shell: b\n',
      4,
      'operations[1].name',
      '"A" is there twice',
    ],
    ['with one key twice', `${OPERATION}operations: []\n`, 2, 'operations', 'is there twice'],
    [
      'with one key of an operation twice',
      'operations:\n  - name: A\n    shell: a\n    name: B\n',
      4,
      'operations[0].name',
      'is there twice',
    ],
    [
      'with one tool twice',
      `${OPERATION}tools:\n  python: 3.11\n  python: 3.12\n`,
      4,
      'tools.python',
      'is there twice',
    ],
    [
      'with tools as a list',
      `${OPERATION}tools:\n  - python\n`,
      2,
      'tools',
      'must name versions: python and/or nodejs',
    ],
    [
      'with a tool left empty',
      `${OPERATION}tools:\n  python:\n`,
      3,
      'tools.python',
      'must be a version such as 3.11.4',
    ],
    [
      'with a range for a version',
      `${OPERATION}tools:\n  python: ">=3.10"\n`,
      3,
      'tools.python',
      'must be a version such as 3.11.4',
    ],
    [
      'with a path for a version',
      `${OPERATION}tools:\n  nodejs: ../../bin\n`,
      3,
      'tools.nodejs',
      'must be a version such as 3.11.4',
    ],
    [
      'with a list for a version',
      `${OPERATION}tools:\n  nodejs: [20]\n`,
      3,
      'tools.nodejs',
      'must be a version such as 3.11.4',
    ],
    [
      'with a step without a shell',
      `${OPERATION}post-install:\n  - name: Install\n`,
      3,
      'post-install[0].shell',
      'is missing',
    ],
    ['with steps as text', `${OPERATION}post-install: npm ci\n`, 2, 'post-install', 'must be a list'],
    [
      'with a list for a key',
      `${OPERATION}? [a, b]\n: c\n`,
      2,
      null,
      'the file has a key that is not plain text',
    ],
    [
      'with a map for a key of an operation',
      'operations:\n  - ? {a: b}\n    : c\n',
      2,
      'operations[0]',
      'has a key that is not plain text',
    ],
    [
      'with an alias for operations',
      `x: &a []\noperations: *a\n`,
      2,
      'operations',
      'must be written out: aliases are not supported',
    ],
    [
      'with an alias for an operation',
      'operations:\n  - &a { name: A, shell: a }\n  - *a\n',
      3,
      'operations[1]',
      'must be written out: aliases are not supported',
    ],
    [
      'with an alias for a text',
      'operations:\n  - name: &a A\n    shell: *a\n',
      3,
      'operations[0].shell',
      'must be written out: aliases are not supported',
    ],
    [
      'with an alias for a version',
      `${OPERATION}tools:\n  python: &a 3.10\n  nodejs: *a\n`,
      4,
      'tools.nodejs',
      'must be written out: aliases are not supported',
    ],
    [
      'with a second document',
      `${OPERATION}---\n${OPERATION}`,
      3,
      null,
      'a second document begins; only one is allowed',
    ],
    ['indented by tabs', 'operations:\n\t- name: A\n', 2, null, 'Tabs are not allowed as indentation'],
    ['with a quote that is not closed', 'operations:\n  - name: "A\n', 3, null, 'Missing closing "quote'],
    [
      'with two values on a line',
      'operations:\n  - name: A\n    shell: python: main.py: x\n',
      3,
      null,
      'Nested mappings are not allowed in compact mappings',
    ],
    [
      'with Windows line ends, its lines counted',
      'tools: {}\r\noperations:\r\n  - name: A\r\n',
      3,
      'operations[0].shell',
      'is missing',
    ],
  ])('%s', (_what, text, line, field, problem) => {
    expect(failureOf(text)).toEqual({
      code: 'MANIFEST_INVALID',
      details: { line, field },
      message: `kubot.yaml line ${line}: ${field === null ? '' : `${field} `}${problem}.`,
    });
  });
});

describe('a hostile manifest ends in bounded time', () => {
  const SIZE = 128 * 1024;
  const bomb = Array.from(
    { length: 30 },
    (_, index) => `b${index + 1}: &b${index + 1} [*b${index}, *b${index}]`,
  );

  test.each<[string, string]>([
    ['nested lists', '['.repeat(SIZE)],
    ['nested maps', '{ a: '.repeat(SIZE / 5)],
    ['nested steps', '- '.repeat(SIZE / 2)],
    ['a version that many rules fit', `${OPERATION}tools: { python: 1${'a'.repeat(5000)}! }`],
    ['errors without end', `[${','.repeat(SIZE - 1)}`],
    ['documents without end', '---\n'.repeat(SIZE / 4)],
  ])(
    'with %s',
    (_what, text) => {
      expect(failureOf(text)).toMatchObject({ code: 'MANIFEST_INVALID' });
    },
    30_000,
  );

  test.each<[string, string]>([
    ['keys without end', Array.from({ length: 12_000 }, (_, index) => `k${index}: 1`).join('\n')],
    ['aliases of aliases', ['b0: &b0 lol', ...bomb].join('\n')],
  ])(
    'with %s, and is read past them',
    (_what, text) => {
      expect(parseManifest(`${OPERATION}${text}`).manifest.operations).toHaveLength(1);
    },
    30_000,
  );
});

function failureOf(text: string) {
  try {
    return parseManifest(text);
  } catch (error) {
    const { code, details, message } = toAgentError(error);
    return { code, details, message };
  }
}
