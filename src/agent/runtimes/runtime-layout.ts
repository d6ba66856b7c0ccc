import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

export type RuntimeKind = 'python' | 'nodejs';

/** Where the programs of an installed runtime are. */
export interface RuntimeLayout {
  /** The interpreter. */
  executable: string;
  /** Folder of the programs. */
  binDir: string;
  /** Python's Windows embeddable build: no venv, isolated by a ._pth. */
  embeddable: boolean;
}

/** Finds the interpreter in an unpacked runtime; undefined when it is not one of that kind. */
export function findLayout(
  kind: RuntimeKind,
  root: string,
  platform: NodeJS.Platform,
): RuntimeLayout | undefined {
  const windows = platform === 'win32';
  const candidates = windows ? windowsCandidates(kind, root) : posixCandidates(kind, root);
  const executable = candidates.find((path) => existsSync(path));
  if (executable === undefined) return undefined;
  const embeddable = kind === 'python' && readdirSync(root).some((name) => /^python\d+\._pth$/i.test(name));
  return { executable, binDir: join(executable, '..'), embeddable };
}

function windowsCandidates(kind: RuntimeKind, root: string): string[] {
  return kind === 'python'
    ? [join(root, 'python.exe')]
    : [join(root, 'node.exe'), join(root, 'bin', 'node.exe')];
}

function posixCandidates(kind: RuntimeKind, root: string): string[] {
  const bin = join(root, 'bin');
  if (kind === 'nodejs') return [join(bin, 'node')];
  const versioned = existsSync(bin) ? readdirSync(bin).filter((name) => /^python3\.\d+$/.test(name)) : [];
  return [join(bin, 'python3'), join(bin, 'python'), ...versioned.map((name) => join(bin, name))];
}
