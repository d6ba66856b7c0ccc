import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { archiveFormat } from '../../../../src/agent/runtimes/archive-format.ts';
import { tarOf } from '../../../helpers/tar-of.ts';
import { zipOf } from '../../../helpers/zip-of.ts';

const zip = await zipOf({ 'python.exe': 'x' });
const emptyZip = await zipOf({});
const tar = tarOf([{ path: 'python/bin/python3', content: 'x' }]);

describe('the format of an archive', () => {
  test.each([
    ['zip', zip],
    ['zip', emptyZip],
    ['tar', tar],
    ['tar.gz', gzipSync(tar)],
    ['tar.zst', zstdCompressSync(tar)],
    ['tar.xz', Buffer.from('fd377a585a000004e6d6b446', 'hex')],
    ['tar.bz2', Buffer.from('BZh91AY&SY')],
    ['python-script', Buffer.from('#!/usr/bin/env python\n#\n# Hi There!\n')],
    ['unknown', Buffer.from('#!/bin/sh\necho python\n')],
    ['unknown', Buffer.from('<!doctype html>')],
    ['unknown', Buffer.alloc(512)],
    ['unknown', Buffer.alloc(0)],
  ])('is told by its bytes: %s', (format, bytes) => {
    expect(archiveFormat(bytes.subarray(0, 512))).toBe(format);
  });

  test('is tar for the oldest tar, which has no magic', () => {
    const old = Buffer.from(tar.subarray(0, 512));
    old.fill(0, 257, 265);
    old.write('        ', 148);
    const sum = old.reduce((total, byte) => total + byte, 0);
    old.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    expect(archiveFormat(old)).toBe('tar');
  });

  test('is not tar for text that has its magic by chance', () => {
    expect(archiveFormat(Buffer.from(`${'x'.repeat(257)}ustar`.padEnd(512, 'y')))).toBe('unknown');
  });
});
