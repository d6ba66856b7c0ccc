import { type Decision, DecisionSchema, type SubjectKind } from '../../shared/run.ts';
import type { JournalDatabase } from './journal-database.ts';

export interface DecisionSubject {
  kind: SubjectKind;
  id: string;
}

/** Every yes and no with its reason: what `kubot why` answers from. */
export class DecisionRecords {
  readonly #database: JournalDatabase;
  /** The last decision of each subject seen lately, so that a poll that finds nothing new reads nothing. */
  readonly #last = new Map<string, string>();

  constructor(database: JournalDatabase) {
    this.#database = database;
  }

  /**
   * Stores a decision unless it repeats the subject's last one (same decision, code and message).
   * @returns true when it was stored.
   */
  add(subject: DecisionSubject, decision: Decision): boolean {
    const key = `${subject.kind}/${subject.id}`;
    const told = `${decision.decision}\n${decision.code}\n${decision.message}\n${decision.runId ?? ''}`;
    if ((this.#last.get(key) ?? this.#readLast(subject)) === told) return false;
    this.#database.write(
      'INSERT INTO decisions (subject_kind, subject_id, at, decision, code, message, run_id) VALUES (?,?,?,?,?,?,?)',
      subject.kind,
      subject.id,
      decision.at,
      decision.decision,
      decision.code,
      decision.message,
      decision.runId,
    );
    this.#remember(key, told);
    return true;
  }

  /** Oldest first: those of the subject itself and those that name it as their run. */
  list(subject: DecisionSubject): Decision[] {
    const rows = this.#database
      .prepare(
        `SELECT at, decision, code, message, run_id AS runId FROM decisions
         WHERE (subject_kind = ? AND subject_id = ?) OR (? = 'run' AND run_id = ?) ORDER BY seq`,
      )
      .all(subject.kind, subject.id, subject.kind, subject.id);
    return DecisionSchema.array().parse(rows);
  }

  has(subject: DecisionSubject): boolean {
    return (
      this.#database
        .prepare('SELECT 1 FROM decisions WHERE subject_kind = ? AND subject_id = ? LIMIT 1')
        .get(subject.kind, subject.id) !== undefined
    );
  }

  #readLast(subject: DecisionSubject): string | undefined {
    const row = this.#database
      .prepare(
        `SELECT decision, code, message, run_id FROM decisions
         WHERE subject_kind = ? AND subject_id = ? ORDER BY seq DESC LIMIT 1`,
      )
      .get(subject.kind, subject.id);
    return row && `${row.decision}\n${row.code}\n${row.message}\n${row.run_id ?? ''}`;
  }

  #remember(key: string, told: string): void {
    this.#last.set(key, told);
    if (this.#last.size > 5000) this.#last.delete(this.#last.keys().next().value ?? key);
  }
}
