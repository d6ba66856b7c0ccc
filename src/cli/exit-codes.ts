/** Where no error says it (those have theirs in src/shared/errors.ts). */
export const EXIT = {
  ok: 0,
  /** Nobody answers, and that is the answer. */
  noAgent: 4,
  /** A robot's run ended other than succeeded. */
  runFailed: 10,
  /** A signal ended the command. */
  interrupted: 130,
} as const;
