import { deflateRawSync } from 'node:zlib';
import type { Random } from '../chaos/random.ts';
import { makeZip, type ZipEntrySpec, type ZipSpec, zip64Field } from '../test/helpers/make-zip.ts';
import { EDGES, mutateBytes } from './mutate-bytes.ts';
import { anyPath, nastyPath, plainPath } from './names.ts';

const MODES = [
  0o100644, 0o100755, 0o104755, 0o102777, 0o120777, 0o040755, 0o010644, 0o020666, 0o060600, 0o140755,
];
const FLAGS = [0x800, 0x800, 0x800, 0, 0x8, 0x808, 0x1, 0x41, 0x2000, 0xffff];
const METHODS = [0, 8, 8, 8, 1, 9, 12, 14, 93, 99, 0xffff];

/** A ZIP that is honest, lies in its fields, was changed in its bytes, or all of it. */
export function makeZipCase(random: Random, arenaDir: string): Buffer {
  const isHonest = random.chance(0.3);
  const entries = Array.from({ length: random.integer(0, 7) }, () =>
    isHonest ? honestEntry(random) : lyingEntry(random, arenaDir),
  );
  const zip = makeZip(entries, isHonest ? {} : archiveLies(random));
  const framed = random.chance(0.1) ? Buffer.concat([zip, makeZip([honestEntry(random)])]) : zip;
  return isHonest || random.chance(0.4) ? mutateBytes(random, framed) : framed;
}

function honestEntry(random: Random): ZipEntrySpec {
  return { name: `${random.integer(0, 99)}/${plainPath(random)}`, content: content(random), mode: 0o100644 };
}

/** Honest but for one or two things. */
function lyingEntry(random: Random, arenaDir: string): ZipEntrySpec {
  const name = anyPath(random, arenaDir);
  const entry: ZipEntrySpec = {
    name: random.chance(0.1) ? `${name}/` : name,
    content: name.endsWith('/') ? '' : content(random),
    mode: random.chance(0.8) ? 0o100644 : random.one(MODES),
  };
  if (random.chance(0.15)) entry.flags = random.one(FLAGS);
  if (random.chance(0.1)) entry.method = random.one(METHODS);
  if (random.chance(0.1)) entry.packed = packed(random);
  if (random.chance(0.1)) entry.local = headerLies(random, arenaDir);
  if (random.chance(0.1)) entry.central = { ...headerLies(random, arenaDir), ...offsetLie(random) };
  if (random.chance(0.05)) entry.name = Buffer.from([0xff, 0x2e, 0x2e, 0x2f, random.integer(0, 255)]);
  if (entry.mode === 0o120777) entry.content = nastyPath(random, arenaDir);
  return entry;
}

type Lies = NonNullable<ZipEntrySpec['local']>;

function headerLies(random: Random, arenaDir: string): Lies {
  return random.one<() => Lies>([
    () => ({ name: nastyPath(random, arenaDir) }),
    () => ({ flags: random.one(FLAGS) }),
    () => ({ method: random.one(METHODS) }),
    () => ({ crc: random.one(EDGES) }),
    () => ({ packedBytes: size(random) }),
    () => ({ bytes: size(random) }),
    () => ({ bytes: size(random), packedBytes: size(random) }),
    () => ({ extra: extra(random) }),
  ])();
}

function offsetLie(random: Random): { offset?: number } {
  return random.chance(0.3) ? { offset: random.one(EDGES) } : {};
}

function size(random: Random): number {
  return random.chance(0.1) ? 2 ** random.integer(32, 52) : random.one(EDGES);
}

function extra(random: Random): Buffer {
  return random.one([
    zip64Field(random.one(EDGES)),
    zip64Field(random.one(EDGES), 2 ** 40),
    Buffer.alloc(random.one([1, 3, 4, 5, 100, 60_000]), random.integer(0, 255)),
    // Another name in Unicode, as Info-ZIP writes it, and a field that is longer than there is room.
    Buffer.from('75700a0001000000002e2e2f78', 'hex'),
    Buffer.from('0100ffff00', 'hex'),
  ]);
}

function content(random: Random): Buffer {
  const length = random.one([0, 1, 10, 300, 5000, 70_000]);
  return random.one([
    Buffer.alloc(length, 'x'),
    Buffer.from(Array.from({ length: Math.min(length, 2000) }, () => random.integer(0, 255))),
    makeZip([{ name: '../inner', content: 'x' }]),
  ]);
}

/** In the place of an entry's packed bytes: a bomb, noise, nothing, a stream that does not end. */
function packed(random: Random): Buffer {
  return random.one([
    deflateRawSync(Buffer.alloc(random.one([100_000, 3_000_000]))),
    deflateRawSync('x'.repeat(1000)).subarray(0, random.integer(0, 8)),
    Buffer.alloc(random.integer(0, 200), random.integer(0, 255)),
    Buffer.concat([deflateRawSync('x'), Buffer.alloc(100, 'y')]),
  ]);
}

function archiveLies(random: Random): ZipSpec {
  const spec: ZipSpec = { zip64: random.chance(0.1) };
  if (random.chance(0.05)) spec.prefix = Buffer.alloc(random.one([1, 100, 5000]), '#');
  if (random.chance(0.05)) spec.gap = Buffer.alloc(random.one([1, 22, 100]), 'P');
  if (random.chance(0.05))
    spec.comment = makeZip([{ name: 'x', content: 'y' }])
      .toString('latin1')
      .slice(0, 30_000);
  if (random.chance(0.05)) spec.end = { count: random.one([0, 1, 2, 100, 0xffff]) };
  if (random.chance(0.05)) spec.end = { ...spec.end, directoryBytes: random.one(EDGES) };
  if (random.chance(0.05)) spec.end = { ...spec.end, directoryAt: random.one(EDGES) };
  if (random.chance(0.02)) spec.end = { ...spec.end, disk: random.one([1, 0xffff]) };
  return spec;
}
