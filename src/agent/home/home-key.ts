import { createHash } from 'node:crypto';

/** A name for what belongs to a home and lies elsewhere. Whoever knows the home's path knows it. */
export function homeKey(homeDir: string): string {
  return createHash('sha256').update(homeDir).digest('hex').slice(0, 16);
}
