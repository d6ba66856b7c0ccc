import { closeSync, readdirSync, readFileSync } from 'node:fs';

/** In the octal `flags` of /proc/self/fdinfo: the descriptor is closed in children. */
const CLOSE_ON_EXEC = 0o2000000;

/**
 * Closes descriptors above 2 that the agent's own parent left open and that robots would inherit: Node marks the
 * first ones at its start and stops at a gap. Linux only; for the start of the agent's process, where nothing of
 * Node's own is without the mark.
 * @returns the descriptors closed
 */
export function closeInheritedDescriptors(): number[] {
  if (process.platform !== 'linux') return [];
  const leaked = readdirSync('/proc/self/fdinfo')
    .map(Number)
    .filter((descriptor) => descriptor > 2 && leaksToChildren(descriptor));
  for (const descriptor of leaked) closeSync(descriptor);
  return leaked;
}

function leaksToChildren(descriptor: number): boolean {
  try {
    return isInherited(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'));
  } catch {
    // The descriptor of the listing itself, closed meanwhile.
    return false;
  }
}

/** Reads the text of a file in /proc/self/fdinfo. */
export function isInherited(fdinfo: string): boolean {
  const flags = /^flags:\s*([0-7]+)$/m.exec(fdinfo)?.[1];
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
}
