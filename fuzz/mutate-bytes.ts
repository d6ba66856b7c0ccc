import type { Random } from '../chaos/random.ts';

/** Numbers at which sizes, counts and offsets turn over. */
export const EDGES = [
  ...[
    0, 1, 2, 7, 8, 9, 22, 30, 46, 127, 128, 255, 256, 511, 512, 513, 0x7fff, 0x8000, 0xfffe, 0xffff, 0x10000,
  ],
  ...[0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff],
];

/** Where the headers of a ZIP begin: what is changed there is more often understood than noise elsewhere. */
const SIGNATURES = ['504b0304', '504b0102', '504b0506', '504b0606', '504b0607'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

/** The same bytes with a few changes. */
export function mutateBytes(random: Random, bytes: Buffer): Buffer {
  let mutated: Buffer = Buffer.from(bytes);
  for (let left = random.integer(1, 6); left > 0 && mutated.length > 0; left--) {
    mutated = random.one(MUTATIONS)(random, mutated);
  }
  return mutated;
}

type Mutation = (random: Random, bytes: Buffer) => Buffer;

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  setByte,
  setEdge,
  setEdge,
  setHeaderField,
  setHeaderField,
  truncate,
  cut,
  insert,
  repeat,
  swap,
];

function flipBit(random: Random, bytes: Buffer): Buffer {
  const at = place(random, bytes);
  bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(0, 7));
  return bytes;
}

function setByte(random: Random, bytes: Buffer): Buffer {
  bytes[place(random, bytes)] = random.integer(0, 255);
  return bytes;
}

function setEdge(random: Random, bytes: Buffer): Buffer {
  return writeEdge(random, bytes, place(random, bytes));
}

function setHeaderField(random: Random, bytes: Buffer): Buffer {
  const signature = random.one(SIGNATURES);
  const places: number[] = [];
  for (let at = bytes.indexOf(signature); at !== -1; at = bytes.indexOf(signature, at + 1)) places.push(at);
  return places.length === 0
    ? setEdge(random, bytes)
    : writeEdge(random, bytes, random.one(places) + random.integer(4, 46));
}

function writeEdge(random: Random, bytes: Buffer, at: number): Buffer {
  const width = random.one([1, 2, 4, 8]);
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(BigInt(random.one(EDGES)));
  if (width === 8 && random.chance(0.3)) value.fill(0xff);
  value.copy(bytes, Math.min(at, bytes.length), 0, width);
  return bytes;
}

function truncate(random: Random, bytes: Buffer): Buffer {
  return bytes.subarray(0, random.integer(0, bytes.length));
}

function cut(random: Random, bytes: Buffer): Buffer {
  const from = place(random, bytes);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(from + random.integer(1, 64))]);
}

function insert(random: Random, bytes: Buffer): Buffer {
  const at = place(random, bytes);
  const noise = Buffer.from(Array.from({ length: random.integer(1, 64) }, () => random.integer(0, 255)));
  return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at)]);
}

function repeat(random: Random, bytes: Buffer): Buffer {
  const from = place(random, bytes);
  const piece = bytes.subarray(from, from + random.integer(1, 600));
  const at = place(random, bytes);
  return Buffer.concat([bytes.subarray(0, at), piece, bytes.subarray(at)]);
}

function swap(random: Random, bytes: Buffer): Buffer {
  const [a, b] = [place(random, bytes), place(random, bytes)];
  const length = Math.min(random.integer(1, 46), bytes.length - a, bytes.length - b);
  const first = Buffer.from(bytes.subarray(a, a + length));
  bytes.copy(bytes, a, b, b + length);
  first.copy(bytes, b);
  return bytes;
}

function place(random: Random, bytes: Buffer): number {
  return random.integer(0, bytes.length - 1);
}
