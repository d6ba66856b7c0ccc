import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Licence } from '../src/shared/licence.ts';

const root = resolve(import.meta.dirname, '..');

interface LockedPackage {
  readonly version?: string;
  readonly license?: string;
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
}

/** What our sources import stands for what is shipped: bundled, or beside the bundle. */
const IMPORT = /(?:from|import|import\()\s*'((?:@[\w.-]+\/)?[\w.-]+)(?:\/[^']*)?'/g;

/** Comes by the package builder, with licences of its own beside it; its packages of npm are those that fetch it. */
const WITHOUT_ITS_OWN = new Set(['electron']);

/** Every package whose code is in what we ship, by name: those that our sources import, and what these need. */
export function listLicences(): Licence[] {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, LockedPackage>;
  };
  const found = new Map<string, Licence>();
  const seen = new Set<string>();
  const visit = (name: string, from: string) => {
    const path = findPath(packages, name, from);
    // An optional one of another system is not there.
    if (path === null || seen.has(path) || !existsSync(join(root, path))) return;
    seen.add(path);
    const { version = '', license = '', ...locked } = packages[path] ?? {};
    found.set(`${name} ${version}`, { name, version, licence: license, text: textIn(join(root, path)) });
    if (WITHOUT_ITS_OWN.has(name)) return;
    for (const needed of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies }))
      visit(needed, path);
  };
  for (const name of importedPackages()) visit(name, '');
  for (const path of Object.keys(packages)) {
    const name = /^node_modules\/(node-(?:linux|win|darwin)-\w+)$/.exec(path)?.[1];
    if (name !== undefined) visit(name, '');
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name, 'en'));
}

function importedPackages(): Set<string> {
  const names = new Set<string>();
  for (const file of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (!/\.tsx?$/.test(file)) continue;
    const source = readFileSync(join(root, 'src', file), 'utf8');
    for (const [line, name = ''] of source.matchAll(IMPORT)) {
      if (!line.startsWith('import type') && !name.startsWith('node:')) names.add(name);
    }
  }
  return names;
}

/** As Node finds it: beside whoever needs it first, then further up. */
function findPath(packages: Record<string, LockedPackage>, name: string, from: string): string | null {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf('node_modules/') - 1))) {
    const path = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (path in packages) return path;
    if (base === '') return null;
  }
}

/** The text that a package brings; null: it names its licence alone. */
function textIn(dir: string): string | null {
  const name = readdirSync(dir).find((file) => /^(licen[cs]e|copying)(\.(md|txt))?$/i.test(file));
  return name === undefined ? null : readFileSync(join(dir, name), 'utf8').trim();
}
