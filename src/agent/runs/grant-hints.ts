import { sep } from 'node:path';
import type { SandboxPolicy } from '../sandbox/policy.ts';

export interface GrantHintOptions {
  robotCode: string;
  policy: SandboxPolicy;
  /** The person's home, which is hidden from the robot. */
  userHome: string;
  /** Of the agent, usually below that: the robot's own folders are in it, and nothing of it can be granted. */
  agentHome: string;
  say: (message: string) => void;
}

const DENIED = /EACCES|EROFS|ENOENT|permission denied|read-only file system|no such file/i;
const NOT_WRITABLE = /EROFS|read-only file system/i;
/** A program that complains of everything is not to fill the log. */
const MOST_HINTS = 5;

/**
 * Reads a robot's output for files of the person's that it did not get, and names the grant that would give them.
 * It never looks whether they are there: what a robot prints would tell it then what lies in that home.
 */
export function createGrantHints(options: GrantHintOptions): (chunk: Buffer) => void {
  const { robotCode, policy, userHome, agentHome, say } = options;
  const needle = Buffer.from(userHome + sep);
  const said = new Set<string>();
  return (chunk) => {
    if (said.size >= MOST_HINTS || !chunk.includes(needle)) return;
    for (const line of chunk.toString('utf8').split('\n')) {
      const folder = DENIED.test(line) ? folderIn(line, userHome, agentHome) : undefined;
      if (folder === undefined) continue;
      const kind =
        NOT_WRITABLE.test(line) || isGranted(folder, policy.files.read, userHome) ? 'write' : 'read';
      if (isGranted(folder, policy.files[kind], userHome) || said.size >= MOST_HINTS) continue;
      const hint = `The sandbox keeps ${folder} from this robot. If it is meant to ${kind === 'write' ? 'write there' : 'read it'}, add "${folder}" to robots.${robotCode}.files.${kind}.`;
      if (said.has(hint)) continue;
      said.add(hint);
      say(hint);
    }
  };
}

/** The folder right below the home that a line speaks of, as settings write it: `~/Documents`. */
function folderIn(line: string, userHome: string, agentHome: string): string | undefined {
  let at = line.indexOf(userHome + sep);
  while (at !== -1 && line.startsWith(agentHome + sep, at)) at = line.indexOf(userHome + sep, at + 1);
  if (at === -1) return undefined;
  // A name may hold spaces where quotes end it.
  const quote = line[at - 1];
  const rest = line.slice(at + userHome.length + 1);
  const end =
    quote === "'" || quote === '"' || quote === '`' ? rest.indexOf(quote) : rest.search(/[\s:;,'")\]]/);
  const [first] = (end === -1 ? rest : rest.slice(0, end)).split(sep);
  return first === undefined || first === '' ? undefined : `~/${first}`;
}

function isGranted(folder: string, granted: readonly string[], userHome: string): boolean {
  return granted.some((path) => path === userHome || path === userHome + folder.slice(1));
}
