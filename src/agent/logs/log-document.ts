import { type FileHandle, open, rm } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { linesOf } from './log-block.ts';
import { readBlocks } from './read-run-log.ts';

/** Compressed by itself, so that whole members can be left out of the middle; what a gzip file may consist of. */
const MEMBER_BYTES = 1024 * 1024;
/** Text shrinks little more at higher levels, and a run waits for this. */
const COMPRESSION_LEVEL = 4;

export interface LogDocumentOptions {
  runLogPath: string;
  /** The gzip file to be written; a file with `.members` behind it is made on the way. */
  path: string;
  maxBytes: number;
}

interface Member {
  start: number;
  bytes: number;
  lines: number;
}

/**
 * Writes a run log as a text for people, a line each (`time level stream text`), as a gzip file. What exceeds
 * `maxBytes` is left out from the middle, said by a line there.
 */
export async function writeLogDocument(
  options: LogDocumentOptions,
): Promise<{ bytes: number; linesLeftOut: number }> {
  const membersPath = `${options.path}.members`;
  const membersFile = await open(membersPath, 'w+', 0o600);
  try {
    const members = await writeMembers(options.runLogPath, membersFile);
    const total = members.reduce((sum, member) => sum + member.bytes, 0);
    const { head, tail, linesLeftOut } =
      total <= options.maxBytes
        ? { head: members, tail: [], linesLeftOut: 0 }
        : await chooseMembers(members, options.maxBytes);
    const output = await open(options.path, 'w', 0o600);
    try {
      await copyMembers(head, membersFile, output);
      if (linesLeftOut > 0) await output.appendFile(await leftOutMember(linesLeftOut));
      await copyMembers(tail, membersFile, output);
      return { bytes: (await output.stat()).size, linesLeftOut };
    } finally {
      await output.close();
    }
  } finally {
    await membersFile.close();
    await rm(membersPath, { force: true });
  }
}

async function writeMembers(runLogPath: string, membersFile: FileHandle): Promise<Member[]> {
  const members: Member[] = [];
  let texts: string[] = [];
  let length = 0;
  let start = 0;
  const close = async () => {
    if (texts.length === 0 && members.length > 0) return;
    const compressed = await compress(texts.join(''));
    await membersFile.appendFile(compressed);
    members.push({ start, bytes: compressed.length, lines: texts.length });
    start += compressed.length;
    texts = [];
    length = 0;
  };
  for await (const block of readBlocks(runLogPath)) {
    for (const line of linesOf(block)) {
      const text = `${line.time} ${line.level.padEnd(5)} ${line.stream} ${line.text}\n`;
      texts.push(text);
      length += text.length;
    }
    if (length >= MEMBER_BYTES) await close();
  }
  await close();
  return members;
}

/** Whole members from both ends, half of the room each. */
async function chooseMembers(
  members: readonly Member[],
  maxBytes: number,
): Promise<{ head: Member[]; tail: Member[]; linesLeftOut: number }> {
  const all = members.reduce((sum, member) => sum + member.lines, 0);
  const room = (maxBytes - (await leftOutMember(all)).length - 16) / 2;
  const head = takeWhileFits(members, room);
  const tail = takeWhileFits(members.slice(head.length).toReversed(), room).reverse();
  const shown = [...head, ...tail].reduce((sum, member) => sum + member.lines, 0);
  return { head, tail, linesLeftOut: all - shown };
}

function takeWhileFits(members: readonly Member[], room: number): Member[] {
  let bytes = 0;
  const end = members.findIndex((member) => {
    bytes += member.bytes;
    return bytes > room;
  });
  return members.slice(0, end === -1 ? members.length : end);
}

async function copyMembers(
  members: readonly Member[],
  membersFile: FileHandle,
  output: FileHandle,
): Promise<void> {
  for (const { start, bytes } of members) {
    const compressed = Buffer.alloc(bytes);
    await membersFile.read(compressed, 0, bytes, start);
    await output.appendFile(compressed);
  }
}

function leftOutMember(lines: number): Promise<Buffer> {
  return compress(`… ${lines.toLocaleString('en')} lines left out: this document has a size limit\n`);
}

function compress(text: string): Promise<Buffer> {
  return promisify(gzip)(text, { level: COMPRESSION_LEVEL });
}
