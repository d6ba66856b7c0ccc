import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Something of assets/: of a checkout or the packed app, whose bundle lies two folders deep as this file, or three. */
export function ownAssets(name: string): string {
  const paths = ['../..', '../../..'].map((up) => join(import.meta.dirname, up, 'assets', name));
  return paths.find((path) => existsSync(path)) ?? join('assets', name);
}
