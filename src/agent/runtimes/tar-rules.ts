import { posix } from 'node:path';
import { leadsOut, problemOfName } from '../packages/zip-rules.ts';

// The rules of docs/security.md for what the tar of a runtime may hold. Runtimes come from the platform's
// operator, yet nothing in them may be written, linked or executed outside their folder.

/** What the header of an entry says, as `tar` reads it. */
export interface TarHeader {
  type: string;
  path: string;
  linkpath?: string | undefined;
  size?: number | undefined;
  mode?: number | undefined;
}

export type CheckedTarEntry =
  | { kind: 'file'; path: string; bytes: number; executable: boolean }
  | { kind: 'folder'; path: string }
  | { kind: 'symlink' | 'hardlink'; path: string; target: string };

/** Longer than any official build of Python or Node.js needs, shorter than every system's limit. */
const MAX_PATH_BYTES = 1024;
/** No file system takes a longer name. */
const MAX_NAME_BYTES = 255;
const MAX_DEPTH = 32;

/**
 * One entry, judged; null: the root folder itself, which is there already. Case twins are allowed where the file
 * system tells them apart: the terminfo database in builds of Python has them.
 * @throws TarProblem
 */
export function checkTarEntry(header: TarHeader, platform: NodeJS.Platform): CheckedTarEntry | null {
  const path = header.path.replace(/^(\.\/+)+/, '').replace(/\/+$/, '');
  if (path === '' || path === '.') {
    if (header.type === 'Directory') return null;
    throw new TarProblem('name-empty', 'has an empty name');
  }
  checkPath(path, platform);
  switch (header.type) {
    case 'Directory':
    case 'GNUDumpDir':
      return { kind: 'folder', path };
    case 'File':
    case 'OldFile':
    case 'ContiguousFile':
      // Nothing of the mode but "may be run" is taken over: no setuid, nothing that its owner could not remove.
      return { kind: 'file', path, bytes: header.size ?? 0, executable: ((header.mode ?? 0) & 0o111) !== 0 };
    case 'SymbolicLink':
      return { kind: 'symlink', path, target: checkSymlink(path, header.linkpath ?? '') };
    case 'Link': {
      const target = (header.linkpath ?? '').replace(/^(\.\/+)+/, '');
      if (target === '') throw new TarProblem('hardlink', 'is a link to nothing');
      checkPath(target, platform);
      return { kind: 'hardlink', path, target };
    }
    default:
      throw new TarProblem('type', `is a ${header.type}; only files, folders and links are allowed`);
  }
}

export class TarProblem extends Error {
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(message);
    this.rule = rule;
  }
}

function checkPath(path: string, platform: NodeJS.Platform): void {
  const segments = path.split('/');
  if (posix.isAbsolute(path)) throw new TarProblem('path-absolute', 'has an absolute path');
  if (segments.includes('..')) throw new TarProblem('path-escape', 'leads out of the folder');
  if (segments.some((segment) => segment === '' || segment === '.'))
    throw new TarProblem('path-segment', 'has an empty or "." part in its path');
  if (segments.length > MAX_DEPTH) throw new TarProblem('path-depth', `lies over ${MAX_DEPTH} folders deep`);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    throw new TarProblem('path-length', `has a path of over ${MAX_PATH_BYTES} bytes`);
  if (segments.some((segment) => Buffer.byteLength(segment) > MAX_NAME_BYTES))
    throw new TarProblem('path-length', `has a name of over ${MAX_NAME_BYTES} bytes in its path`);
  const problem = problemOfName(path);
  if (problem === null || problem.rule === 'path-length') return;
  // What only Windows cannot write is no danger elsewhere, and man pages have such names.
  const onlyWindows = /^name-(stream|character|trailing|reserved)$/.test(problem.rule);
  if (platform === 'win32' || !onlyWindows) throw new TarProblem(problem.rule, problem.text);
}

function checkSymlink(path: string, target: string): string {
  if (leadsOut(path, target))
    throw new TarProblem('symlink', 'is a symbolic link that leads out of the folder');
  return target;
}
