import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

interface Ban {
  /** Files that the ban holds for, from the project's root. */
  files: RegExp;
  except?: RegExp;
  /** What they may not import: a module's name, or a file from the project's root. */
  imports: RegExp;
  reason: string;
}

const BANS: Ban[] = [
  {
    files: /^src\/shared\//,
    imports: /^(?!zod$|src\/shared\/)/,
    reason: 'shared is pure: every process loads it, also the renderer',
  },
  {
    files: /^src\/agent\//,
    imports: /^(electron|src\/(platform|cli|main|renderer)\/)/,
    reason: 'the agent is a product of its own: no shell, no server, no command line in it',
  },
  {
    files: /^src\/platform\//,
    imports: /^(electron|src\/(agent|cli|main|renderer)\/)/,
    reason: 'two independent writings of the wire catch drift',
  },
  { files: /^src\/cli\//, imports: /^(electron|src\/(main|renderer)\/)/, reason: 'a host without a desktop' },
  {
    files: /^src\/(main|preload)\//,
    imports: /^src\/(agent\/(?!home\/home-paths\.ts)|cli|platform|renderer)\//,
    reason: 'the shell starts the agent and asks it; it runs on an older Node and holds none of it',
  },
  {
    files: /^src\/renderer\//,
    imports: /^(electron|node:|src\/(agent|cli|main|preload|platform)\/)/,
    reason: 'the renderer is a page: it knows the contract and nothing of any process',
  },
  {
    files: /^src\/agent\//,
    except: /^src\/agent\/process\//,
    imports: /^(node:child_process|node:worker_threads|execa)$/,
    reason: 'only process/ spawns: one place answers for what is left behind',
  },
  {
    files: /^src\/agent\//,
    except: /^src\/agent\/(journal\/|home\/home-lock\.ts)/,
    imports: /^node:sqlite$/,
    reason: 'only the journal writes SQL; the lock of the home is a file of its own',
  },
  {
    files: /^src\/platform\//,
    except: /^src\/platform\/spawn-tool\.ts$/,
    imports: /^(node:child_process|execa)$/,
    reason: 'the platform has one file that spawns',
  },
  {
    files: /^src\/platform\//,
    except: /^src\/platform\/store\.ts$/,
    imports: /^node:sqlite$/,
    reason: 'the platform has one store file',
  },
  {
    files: /^src\/(agent|cli|platform)\//,
    imports: /^(extract-zip|electron-store|tree-kill)$/,
    reason: 'unsafe or of the shell alone (docs/adr/0003)',
  },
];

describe('who may import whom', () => {
  const files = listSources(join(root, 'src'));

  test('every ban holds for some file, and the sources were found', () => {
    expect(files.length).toBeGreaterThan(50);
    for (const ban of BANS) expect(files.some((file) => ban.files.test(file))).toBe(true);
  });

  test.each(BANS)('$files may not import $imports: $reason', (ban) => {
    const broken = files
      .filter((file) => ban.files.test(file) && !ban.except?.test(file))
      .flatMap((file) =>
        importsOf(file)
          .filter((imported) => ban.imports.test(imported))
          .map((imported) => `${file} imports ${imported}`),
      );
    expect(broken).toEqual([]);
  });

  test.each([
    ['the command line', 'src/cli/'],
    ['the shell', 'src/main/'],
  ])('one file of %s spawns', (_part, folder) => {
    const spawning = files.filter(
      (file) =>
        file.startsWith(folder) && importsOf(file).some((name) => /^(node:child_process|execa)$/.test(name)),
    );
    expect(spawning.length).toBeLessThanOrEqual(1);
  });

  test('only composition roots read the environment', () => {
    const readers = files.filter(
      (file) =>
        /^src\/(agent|platform)\//.test(file) &&
        /\bprocess\.env\b/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(readers).toEqual([]);
  });
});

/** What a file imports, statically or not: modules by name, files from the project's root. Types count too. */
function importsOf(file: string): string[] {
  const source = readFileSync(join(root, file), 'utf8');
  const found = source.matchAll(
    /(?:^|\s)(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\(\s*'([^']+)'\s*\)|^import\s+'([^']+)'/gm,
  );
  return [...found].map((match) => {
    const name = match[1] ?? match[2] ?? match[3] ?? '';
    return name.startsWith('.')
      ? relative(root, resolve(root, dirname(file), name)).replaceAll('\\', '/')
      : name;
  });
}

function listSources(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => relative(root, join(dir, name)).replaceAll('\\', '/'));
}
