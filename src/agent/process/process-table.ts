import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';

/** One living process. Zombies are dead for us: nothing of theirs runs. */
export interface ProcessInfo {
  pid: number;
  parentPid: number;
  groupId: number;
  /** 0 where the system does not tell it. */
  sessionId: number;
  /** Tells two processes with the same pid apart; '' where the system does not tell it. */
  startedAt: string;
}

/** A variable in the environment of everything that a run starts. */
export interface Cookie {
  name: string;
  value: string;
}

export interface ProcessTable {
  list(): Promise<ProcessInfo[]>;
  /** Pids of the living processes whose first environment held one of `cookies`. */
  findByCookies(cookies: readonly Cookie[]): Promise<number[]>;
  /** The living processes whose first environment held a variable `name`, with its value. */
  listCookies(name: string): Promise<CookieHolder[]>;
}

export interface CookieHolder {
  pid: number;
  value: string;
}

/** The living processes of this machine. On Windows empty: `taskkill /T` walks the tree there. */
export function createProcessTable(platform: NodeJS.Platform = process.platform): ProcessTable {
  if (platform === 'linux') return linuxTable;
  if (platform === 'win32') return emptyTable;
  return psTable;
}

const emptyTable: ProcessTable = {
  list: async () => [],
  findByCookies: async () => [],
  listCookies: async () => [],
};

/** Synchronous on purpose: /proc is memory, and 200 processes take 2 ms without 200 trips to the thread pool. */
const linuxTable: ProcessTable = {
  list: async () => pidsOfProc().flatMap((pid) => parseStat(readProc(pid, 'stat').toString('latin1')) ?? []),
  findByCookies: async (cookies) => {
    const needles = cookies.map(needleOf);
    return pidsOfProc().filter((pid) => {
      const environment = readProc(pid, 'environ');
      return environment.length > 0 && needles.some((needle) => hasVariable(environment, needle));
    });
  },
  listCookies: async (name) =>
    pidsOfProc().flatMap((pid) => {
      const value = variableOf(readProc(pid, 'environ').toString('latin1'), name);
      return value === undefined ? [] : [{ pid, value }];
    }),
};

export function pidsOfProc(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
}

/** A process that ended meanwhile, or is another user's, reads as empty. */
export function readProc(pid: number, file: string): Buffer {
  try {
    return readFileSync(`/proc/${pid}/${file}`);
  } catch {
    return Buffer.alloc(0);
  }
}

/** What /proc/<pid>/stat tells, of a zombie too. */
export interface ProcessStat extends ProcessInfo {
  state: string;
  /** What it calls itself, at most 15 characters: Node's is "MainThread". */
  name: string;
  /** Its own, and that of children whose end it waited for. */
  cpuTicks: number;
}

/**
 * A line of /proc/<pid>/stat: `pid (name) state ppid pgrp session … starttime(22nd)`. The name may hold spaces and
 * brackets, so the fields are counted from its last bracket. Undefined for what is no such line.
 */
export function readStat(text: string): ProcessStat | undefined {
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  const [state = '', parentPid, groupId, sessionId] = fields;
  const startedAt = fields[19];
  if (nameEnd === -1 || startedAt === undefined) return undefined;
  return {
    pid: Number.parseInt(text, 10),
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    sessionId: Number(sessionId),
    startedAt,
    state,
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    cpuTicks: fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0),
  };
}

/** The same of a living process: undefined for zombies too. */
export function parseStat(text: string): ProcessInfo | undefined {
  const stat = readStat(text);
  if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
  const { pid, parentPid, groupId, sessionId, startedAt } = stat;
  return { pid, parentPid, groupId, sessionId, startedAt };
}

/** How long a killed process may take to be gone; one that hangs in the kernel is not waited for. */
const GONE_WITHIN_MS = 1000;
const GONE_POLL_MS = 2;

/** Linux: waits until `pid` is dead, reaped or not. */
export async function untilGone(pid: number): Promise<void> {
  for (let waited = 0; waited < GONE_WITHIN_MS; waited += GONE_POLL_MS) {
    if (parseStat(readProc(pid, 'stat').toString('latin1')) === undefined) return;
    await wait(GONE_POLL_MS);
  }
}

function needleOf(cookie: Cookie): Buffer {
  return Buffer.from(`${cookie.name}=${cookie.value}\0`);
}

/** True when a NUL-separated environment holds the whole `NAME=value\0`. */
export function hasVariable(environment: Buffer, needle: Buffer): boolean {
  for (let at = environment.indexOf(needle); at !== -1; at = environment.indexOf(needle, at + 1)) {
    if (at === 0 || environment[at - 1] === 0) return true;
  }
  return false;
}

/** The value of a variable in a NUL-separated environment. */
export function variableOf(environment: string, name: string): string | undefined {
  const start = `\0${environment}`.indexOf(`\0${name}=`);
  return start === -1 ? undefined : environment.slice(start + name.length + 1).split('\0', 1)[0];
}

/** macOS and the BSDs, from the manual of `ps`; not run here. `-E` shows environments of one's own processes. */
const psTable: ProcessTable = {
  list: async () => parsePs(await ps(['-A', '-o', 'pid=,ppid=,pgid=,stat=,lstart='])),
  findByCookies: async (cookies) => findInPs(await ps(PS_ENVIRONMENTS), cookies),
  listCookies: async (name) => listInPs(await ps(PS_ENVIRONMENTS), name),
};

const PS_ENVIRONMENTS = ['-A', '-E', '-ww', '-o', 'pid=,command='];

async function ps(args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/ps', args, { maxBuffer: 64 * 1024 * 1024 });
  return stdout;
}

/** `ps -o pid=,ppid=,pgid=,stat=,lstart=`: one process a line, columns by spaces, the time last. */
export function parsePs(text: string): ProcessInfo[] {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.*?)\s*$/.exec(line);
    if (!match || match[4]?.startsWith('Z')) return [];
    return [
      {
        pid: Number(match[1]),
        parentPid: Number(match[2]),
        groupId: Number(match[3]),
        sessionId: 0,
        startedAt: match[5] ?? '',
      },
    ];
  });
}

/** `ps -E -o pid=,command=`: the command, then its environment, all parted by spaces. */
export function findInPs(text: string, cookies: readonly Cookie[]): number[] {
  const needles = cookies.map((cookie) => ` ${cookie.name}=${cookie.value} `);
  return text.split('\n').flatMap((line) => {
    const pid = Number.parseInt(line, 10);
    const held = needles.some((needle) => `${line} `.includes(needle));
    return held && Number.isInteger(pid) ? [pid] : [];
  });
}

/** As `findInPs`; a value ends at the first space. */
export function listInPs(text: string, name: string): CookieHolder[] {
  return text.split('\n').flatMap((line) => {
    const pid = Number.parseInt(line, 10);
    const value = line
      .split(' ')
      .findLast((word) => word.startsWith(`${name}=`))
      ?.slice(name.length + 1);
    return value !== undefined && Number.isInteger(pid) ? [{ pid, value }] : [];
  });
}
