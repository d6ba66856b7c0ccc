import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SeccompArch, seccompFilter } from './seccomp-filter.ts';

/** The seccomp programs, each in a file without a name that is opened anew for every start. */
export interface FilterSource {
  /** A descriptor at the program's first byte; the caller closes it. */
  open(level: 'standard' | 'strict'): number;
  close(): void;
}

/** undefined: there is no filter for this architecture. */
export function openFilterSource(arch: string): FilterSource | undefined {
  if (!isSeccompArch(arch)) return undefined;
  const files = {
    // Browsers put their renderers into namespaces of their own, and are less safe without.
    standard: unnamedFile(seccompFilter({ arch, nestedNamespaces: true })),
    strict: unnamedFile(seccompFilter({ arch, nestedNamespaces: false })),
  };
  return {
    // Opened by its link in /proc: a copy of the descriptor would share the offset, which bwrap uses up.
    open: (level) => openSync(`/proc/self/fd/${files[level]}`, 'r'),
    close: () => {
      for (const descriptor of Object.values(files)) closeSync(descriptor);
    },
  };
}

function isSeccompArch(arch: string): arch is SeccompArch {
  return arch === 'x64' || arch === 'arm64';
}

function unnamedFile(content: Buffer): number {
  const dir = mkdtempSync(join(tmpdir(), 'kubot-filter-'));
  try {
    const path = join(dir, 'filter');
    writeFileSync(path, content, { mode: 0o400 });
    return openSync(path, 'r');
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
