import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PACKAGE = resolve(import.meta.dirname, '../node_modules/electron');

/** The Electron that KUBOT_TEST_ELECTRON names, else the one that was downloaded; null: none is here. */
export function findElectron(): string | null {
  const named = process.env.KUBOT_TEST_ELECTRON;
  if (named) return named;
  const pathFile = join(PACKAGE, 'path.txt');
  return existsSync(pathFile) ? join(PACKAGE, 'dist', readFileSync(pathFile, 'utf8').trim()) : null;
}
