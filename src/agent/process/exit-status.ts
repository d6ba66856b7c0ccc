import { constants } from 'node:os';

export interface ExitStatus {
  exitCode: number | null;
  /** Name of the signal that ended the program, told by the system or by an exit of 128 + its number. */
  signal: string | null;
}

/**
 * How a program ended. `sh` and `bwrap` cannot die of their child's signal and exit with 128 + its number
 * instead: `signal` is set then, and `exitCode` kept. Windows has no such numbers.
 */
export function readExitStatus(
  exitCode: number | null,
  signal: string | null,
  platform: NodeJS.Platform = process.platform,
): ExitStatus {
  if (signal !== null || exitCode === null || platform === 'win32') return { exitCode, signal };
  return { exitCode, signal: signalOfExit(exitCode) };
}

/** The first name of a number wins: SIGABRT, not its twin SIGIOT. */
function signalOfExit(exitCode: number): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128);
  return found?.[0] ?? null;
}
