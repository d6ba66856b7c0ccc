/** An invariant that does not hold, with what shows it. */
export interface Violation {
  /** Which invariant, in a word or two. */
  check: string;
  /** What it is about: a task's id, a run's, an agent. */
  about: string;
  message: string;
}
