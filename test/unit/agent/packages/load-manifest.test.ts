import { mkdir, mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadManifest } from '../../../../src/agent/packages/manifest.ts';
import { toAgentError } from '../../../../src/shared/errors.ts';

const TEXT = 'operations: [{ name: A, shell: a }]\n';
const MISSING = 'The package has no kubot.yaml at its root.';
const AT_ROOT = 'Put kubot.yaml at the root of the ZIP.';

describe('the manifest of an unpacked package', () => {
  test.each([
    ['UTF-8', Buffer.from(TEXT)],
    ['UTF-8 behind a byte order mark', Buffer.from(`\ufeff${TEXT}`)],
  ])('is read as %s', async (_what, bytes) => {
    expect(await load({ 'kubot.yaml': bytes })).toEqual({
      manifest: { operations: [{ name: 'A', shell: 'a' }], tools: {}, postInstall: [] },
      warnings: [],
    });
  });

  test.each<[string, Record<string, string>, string]>([
    ['nothing else is there', { 'robot.py': '' }, MISSING],
    ['it ends in .yml', { 'kubot.yml': TEXT }, `${MISSING} There is kubot.yml: rename it.`],
    ['it is in capitals', { 'KuBot.yaml': TEXT }, `${MISSING} There is KuBot.yaml: rename it.`],
    ['it is a folder', { 'kubot.yaml/a': TEXT }, `${MISSING} kubot.yaml is a folder.`],
    [
      'the folder was packed',
      { '.DS_Store': '', '__MACOSX/._robot': '', 'robot/kubot.yaml': TEXT },
      `${MISSING} There is one in the folder robot: pack what is in it, not the folder.`,
    ],
    ['it lies deep within', { 'a/b/kubot.yaml': TEXT }, MISSING],
  ])('is said to be missing, with what is there instead, when %s', async (_what, files, message) => {
    expect(await load(files)).toEqual({
      code: 'MANIFEST_INVALID',
      details: { line: null, field: null },
      message,
      hint: AT_ROOT,
    });
  });

  test.each([
    ['UTF-16', Buffer.from(`\ufeff${TEXT}`, 'utf16le')],
    ['Latin letters of one byte', Buffer.from('operations: [{ name: Año, shell: a }]\n', 'latin1')],
    ['UTF-8 with surrogates', Buffer.from('6e616d653a20eda080', 'hex')],
  ])('is refused as not UTF-8: %s', async (_what, bytes) => {
    expect(await load({ 'kubot.yaml': bytes })).toEqual({
      code: 'MANIFEST_INVALID',
      details: { line: null, field: null },
      message: 'kubot.yaml is not UTF-8.',
      hint: 'Save it as UTF-8 and upload the robot again.',
    });
  });

  test('may have 128 KB', async () => {
    const padding = `# ${'x'.repeat(128 * 1024 - TEXT.length - 2)}`;
    expect(await load({ 'kubot.yaml': `${TEXT}${padding}` })).toMatchObject({ warnings: [] });
  });

  test('is refused unread when it has 8 GB', async () => {
    expect(await load({ 'kubot.yaml': TEXT }, 8 * 1024 ** 3)).toEqual({
      code: 'MANIFEST_INVALID',
      details: { line: null, field: null },
      message: 'kubot.yaml is larger than 128 KB.',
      hint: 'Shorten it and upload the robot again.',
    });
  });
});

/** @param bytes makes a manifest that long, with holes */
async function load(files: Record<string, string | Buffer>, bytes?: number) {
  const dir = await mkdtemp(join(tmpdir(), 'kubot-manifest-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(dir, dirname(path)), { recursive: true });
      await writeFile(join(dir, path), content);
    }
    if (bytes !== undefined) await truncate(join(dir, 'kubot.yaml'), bytes);
    return await loadManifest(dir);
  } catch (error) {
    const { code, details, message, hint } = toAgentError(error);
    return { code, details, message, hint };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
