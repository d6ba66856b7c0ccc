import { gzipSync, zstdCompressSync } from 'node:zlib';
import type { Random } from '../chaos/random.ts';
import { TAR_END, type TarEntry, tarOf } from '../test/helpers/tar-of.ts';
import { EDGES, mutateBytes } from './mutate-bytes.ts';
import { anyPath, nastyPath, plainPath } from './names.ts';

/** Files, links, devices, folders, FIFOs, names of GNU and pax, sparse files, and letters that mean nothing. */
const TYPES = [
  '0',
  '0',
  '0',
  '5',
  '1',
  '2',
  '2',
  '3',
  '4',
  '6',
  '7',
  'L',
  'K',
  'x',
  'g',
  'S',
  'D',
  'V',
  'Z',
  '\0',
];

/** A tar that lies in its headers, was changed in its bytes, or both; packed or not. */
export function makeTarCase(random: Random, arenaDir: string): Buffer {
  const entries = Array.from({ length: random.integer(0, 8) }, () => entry(random, arenaDir));
  const end = random.one([
    TAR_END,
    TAR_END,
    TAR_END,
    Buffer.alloc(0),
    Buffer.alloc(512),
    Buffer.alloc(100_000),
  ]);
  const tar = tarOf(entries, end);
  const changed = random.chance(0.5) ? mutateBytes(random, tar) : tar;
  const packed = random.one([changed, gzipSync(changed), zstdCompressSync(changed)]);
  return random.chance(0.15) ? mutateBytes(random, packed) : packed;
}

function entry(random: Random, arenaDir: string): TarEntry {
  const type = random.chance(0.6) ? '0' : random.one(TYPES);
  const made: TarEntry = {
    path: `${random.integer(0, 9)}/${anyPath(random, arenaDir)}`,
    type,
    mode: random.one([0o644, 0o755, 0o4755, 0o7777, 0]),
  };
  if (random.chance(0.1)) made.path = nastyPath(random, arenaDir);
  if ('12'.includes(type)) made.linkTo = linkTarget(random, arenaDir);
  else if ('xg'.includes(type)) made.content = paxRecords(random, arenaDir);
  else if ('LK'.includes(type)) made.content = `${nastyPath(random, arenaDir)}\0`;
  else if (type !== '5') made.content = 'x'.repeat(random.one([0, 1, 511, 512, 513, 20_000]));
  if (random.chance(0.08)) made.bytes = random.chance(0.3) ? 2 ** random.integer(32, 60) : random.one(EDGES);
  return made;
}

function linkTarget(random: Random, arenaDir: string): string {
  return random.one([plainPath(random), '..', '.', '', 'a/..', '../'.repeat(4), nastyPath(random, arenaDir)]);
}

/** `LENGTH key=value\n`, with the length as it is or not. */
function paxRecords(random: Random, arenaDir: string): string {
  return Array.from({ length: random.integer(1, 3) }, () => {
    const key = random.one([
      'path',
      'linkpath',
      'size',
      'mtime',
      'GNU.sparse.name',
      'SCHILY.xattr.user',
      'hdrcharset',
    ]);
    const value = key === 'size' ? String(random.one(EDGES)) : nastyPath(random, arenaDir);
    const rest = ` ${key}=${value}\n`;
    let length = rest.length;
    while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
    return `${random.chance(0.1) ? random.one(EDGES) : length}${rest}`;
  }).join('');
}
