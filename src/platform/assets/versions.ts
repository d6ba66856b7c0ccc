/** Which part of a version must be kept when the exact one cannot be had. */
export type Substitution = 'same-major' | 'same-minor';

/**
 * The version to serve for a requested one: itself, else the newest of the same major (Node.js) or minor
 * (Python), else null. Pre-releases and what is not of the form 1.2.3 never stand in for a release.
 */
export function chooseVersion(
  requested: string,
  available: readonly string[],
  substitution: Substitution,
): string | null {
  if (available.includes(requested)) return requested;
  const kept = requested.split('.').slice(0, substitution === 'same-major' ? 1 : 2);
  if (kept.some((part) => !/^\d+$/.test(part))) return null;
  const prefix = `${kept.join('.')}.`;
  return (
    available
      .filter((version) => RELEASE.test(version) && version.startsWith(prefix))
      .sort(compareVersions)
      .at(-1) ?? null
  );
}

/** Orders releases by number, oldest first: 3.9.1 before 3.10.0. */
export function compareVersions(left: string, right: string): number {
  const [a, b] = [left, right].map((version) => version.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (a?.[index] ?? 0) - (b?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const RELEASE = /^\d+\.\d+\.\d+$/;
