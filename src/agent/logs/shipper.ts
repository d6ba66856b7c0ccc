import type { AgentError } from '../../shared/errors.ts';
import { describeDuration } from '../runs/outcome.ts';
import { EntryAppender } from './append-entry.ts';
import { EntryBudget } from './entry-budget.ts';
import { LineFolder } from './fold-lines.ts';
import { lastEntry } from './last-entry.ts';
import { LevelReader } from './level.ts';
import { type BlockScan, type LogBlock, scanLines } from './log-block.ts';
import { MARK_BYTES, markOf } from './mark.ts';
import { cutText, type PackedEntry, type PackLimits, packEntries } from './pack-entries.ts';
import { readBlocks } from './read-run-log.ts';
import type { ShippedLog, ShipperEnd, ShipperOptions } from './shipper-ports.ts';
import { FIRST_POSITION, parsePosition, type ShippingPosition } from './shipping-position.ts';
import { uploadLog } from './upload-log.ts';

/** Lines that come together go together. */
const BATCH_MS = 200;
const TAIL_BYTES = 20 * 1024;
/** The last entry alone may be longer than the others. */
const LAST_ENTRY_BYTES = 8 * 1024;
/** What every server takes, for an entry that was refused at its full length. */
const SHORT_ENTRY_BYTES = 500;
/** So many refusals in a row by a task that is still ours, half a minute in all, and it is told no more. */
const MOST_REFUSALS = 6;

/**
 * Why no more entries are told. `over`: the task is gone, ended or somebody else's. `refused`: it is ours and takes
 * none; the last entry is tried all the same.
 */
type Stop = 'over' | 'refused';

export interface Shipper {
  /** Takes a block of the run log; never waits. */
  offer(block: LogBlock, scan: BlockScan): void;
  /**
   * Tells the rest of the log, uploads the document if lines were left out, and appends the last entry. The run log
   * must be ended before. Waits for a server that is away; rejects with INTERRUPTED when the signal aborts.
   */
  finish(end: ShipperEnd): Promise<ShippedLog>;
}

/**
 * Ships a run's lines to its task in entries with marks, within the budget. Starts at once. After a crash it goes on
 * behind what was accepted, with the rest read from the run log.
 */
export function startShipper(options: ShipperOptions): Shipper {
  return new LogShipper(options);
}

class LogShipper implements Shipper {
  readonly #options: ShipperOptions;
  readonly #appender: EntryAppender;
  readonly #budget: EntryBudget;
  readonly #folder: LineFolder;
  readonly #position: ShippingPosition;
  readonly #live: Promise<void>;
  #wake = new AbortController();
  #ending = false;
  #stopped: Stop | null = null;
  #refusals = 0;
  #failure: unknown = null;
  #waitingSinceMs: number;
  #lastFlushMs: number;
  #lastEntryMs: number;
  #newestSeq = 0;

  constructor(options: ShipperOptions) {
    this.#options = options;
    this.#position = { ...(parsePosition(options.position.load()) ?? FIRST_POSITION) };
    this.#newestSeq = this.#position.seq;
    this.#budget = new EntryBudget({ ...options, horizonMs: options.runTimeoutMs }, this.#position.number);
    if (options.knownBound !== null) this.#budget.learnBound(options.knownBound);
    this.#appender = new EntryAppender({
      ...options,
      onServerBound: (entries) => {
        this.#budget.learnBound(entries);
        options.onServerBound?.(entries);
      },
    });
    this.#folder = new LineFolder({
      headBytes: options.maxEntries * options.entryBytes * 0.5,
      tailBytes: TAIL_BYTES,
    });
    this.#waitingSinceMs = this.#lastFlushMs = this.#lastEntryMs = options.now();
    this.#live = this.#run(options.resume === true).catch((error: unknown) => {
      this.#failure = error;
    });
  }

  offer(block: LogBlock, scan: BlockScan): void {
    const first = this.#folder.lines === 0;
    this.#newestSeq = block.seq + block.lines - 1;
    if (this.#newestSeq <= this.#position.seq) return;
    this.#folder.add(block, scan);
    if (!first) return;
    this.#waitingSinceMs = this.#options.now();
    this.#wake.abort();
  }

  async finish(end: ShipperEnd): Promise<ShippedLog> {
    this.#ending = true;
    this.#wake.abort();
    await this.#live;
    if (this.#failure !== null) throw this.#failure;
    if (!this.#position.ended) await this.#tellEnd(end);
    const { entriesSent, linesLeftOut, documentUri } = this.#position;
    return { entriesSent, linesLeftOut: linesLeftOut + this.#unsent(), documentUri };
  }

  async #tellEnd(end: ShipperEnd): Promise<void> {
    const position = this.#position;
    if (this.#stopped === null)
      await this.#send(this.#pack({ last: true }, this.#packLimits(this.#budget.end(this.#elapsed()))));
    if (this.#stopped === 'over') return;
    if (this.#stopped === 'refused') this.#accepted({ ...this.#rest(), last: false }, 0);
    const document = position.linesLeftOut > 0 ? await uploadLog(this.#options, this.#appender) : null;
    position.documentUri = document?.documentUri ?? null;
    const { linesLeftOut } = position;
    const text = lastEntry({ ...this.#options, ...end, linesLeftOut, lines: this.#newestSeq, document });
    const limit = LAST_ENTRY_BYTES - MARK_BYTES;
    const entry = { ...text, text: text.fit(limit), lastSeq: this.#newestSeq, leftOut: 0 };
    await this.#sendOne(entry, { last: true });
  }

  async #run(resumed: boolean): Promise<void> {
    if (resumed) await this.#resume();
    while (!this.#ending && this.#stopped === null && !this.#options.signal?.aborted) {
      const due = this.#nextDue();
      const waitMs = due.atMs - this.#options.now();
      if (waitMs > 0) await this.#pause(waitMs);
      else if (due.what === 'flush') await this.#flush();
      else await this.#beat();
    }
  }

  /** Behind what the server has: the entry under way at the crash is looked for, and the rest is read again. */
  async #resume(): Promise<void> {
    const { sending, number } = this.#position;
    if (sending !== null) {
      const mark = markOf(this.#options.runId, number);
      const delivery = await this.#appender.lookUp(mark, sending.atMs, sending.after);
      if (delivery === 'accepted' || delivery === 'dropped') this.#accepted(sending);
    }
    for await (const block of readBlocks(this.#options.runLogPath, { fromSeq: this.#position.seq + 1 })) {
      this.offer(block, rescan(block));
    }
  }

  #nextDue(): { what: 'flush' | 'beat'; atMs: number } {
    const elapsed = this.#elapsed();
    const never = this.#options.now() + this.#options.heartbeatMs;
    const beatMs = this.#budget.mayBeat() ? this.#lastEntryMs + this.#options.heartbeatMs : never;
    if (this.#folder.lines === 0 || this.#budget.perFlush(elapsed) === 0)
      return { what: 'beat', atMs: beatMs };
    const flushMs = Math.max(
      this.#waitingSinceMs + BATCH_MS,
      this.#lastFlushMs + this.#budget.flushDelayMs(elapsed),
    );
    return flushMs <= beatMs ? { what: 'flush', atMs: flushMs } : { what: 'beat', atMs: beatMs };
  }

  async #flush(): Promise<void> {
    this.#lastFlushMs = this.#options.now();
    const limits = this.#packLimits(this.#budget.perFlush(this.#elapsed()));
    await this.#send(this.#pack({ last: false }, limits));
  }

  /** A sign of life, with what waited if the quick entries are spent. */
  async #beat(): Promise<void> {
    if (!this.#budget.mayBeat()) return;
    const text = `still running, ${describeDuration(this.#elapsed())}`;
    const { entryBytes } = this.#packLimits(1);
    const limits = { entryBytes: entryBytes - text.length - 1, maxEntries: 1 };
    const [waiting] = this.#pack({ last: false }, limits);
    const entry = waiting ?? { level: 'INFO', text: '', lastSeq: this.#position.seq, leftOut: 0 };
    await this.#sendOne({ ...entry, text: waiting ? `${text}\n${waiting.text}` : text });
  }

  /** What waits, as entries. */
  #pack(when: { last: boolean }, limits: PackLimits): PackedEntry[] {
    const entries = packEntries(this.#folder.take(when), limits);
    this.#folder.noteShown(entries.flatMap((entry) => entry.errors));
    return entries;
  }

  async #send(entries: readonly PackedEntry[]): Promise<void> {
    for (const entry of entries) {
      if (this.#stopped) return;
      await this.#sendOne(entry);
    }
  }

  async #sendOne(entry: Omit<PackedEntry, 'errors'>, { last } = { last: false }): Promise<void> {
    await this.#space();
    const position = this.#position;
    for (let bytes = Number.POSITIVE_INFINITY; ; ) {
      position.number++;
      this.#budget.spend();
      const mark = markOf(this.#options.runId, position.number);
      const { newestId: after } = this.#appender;
      const sending = {
        seq: entry.lastSeq,
        leftOut: entry.leftOut,
        atMs: this.#appender.serverNow(),
        after,
        last,
      };
      this.#save(sending);
      const text = cutText(entry.text, bytes);
      const delivery = await this.#appender.append(text + mark, entry.level, mark);
      this.#lastEntryMs = this.#options.now();
      if (typeof delivery === 'string') {
        this.#refusals = 0;
        this.#accepted({ ...sending, leftOut: entry.leftOut + linesCut(entry.text, text) });
        return;
      }
      const { refused } = delivery;
      const isWrong = isWrongInItself(refused);
      if (!(await this.#isStillOurs(refused))) return this.#stop('over', refused);
      if (isWrong && bytes > SHORT_ENTRY_BYTES) {
        bytes = SHORT_ENTRY_BYTES;
        continue;
      }
      this.#refusals++;
      if (this.#refusals >= MOST_REFUSALS || (isWrong && last)) return this.#stop('refused', refused);
      if (isWrong) {
        // Refused at any length, on a task that is ours: this entry is given up, not the log.
        this.#accepted({ seq: entry.lastSeq, leftOut: entry.lastSeq - position.seq, last }, 0);
        return;
      }
      await this.#appender.wait('append a log entry', refused, this.#refusals - 1);
    }
  }

  #accepted({ seq, leftOut, last }: { seq: number; leftOut: number; last: boolean }, entries = 1): void {
    const position = this.#position;
    position.ended ||= last;
    position.seq = Math.max(position.seq, seq);
    // After a crash the entry under way may be the newest that there is.
    this.#newestSeq = Math.max(this.#newestSeq, position.seq);
    position.entriesSent += entries;
    position.linesLeftOut = Math.max(0, position.linesLeftOut + leftOut);
    this.#save(null);
  }

  #save(sending: ShippingPosition['sending']): void {
    this.#position.sending = sending;
    this.#options.position.save({ ...this.#position });
  }

  /** A refusal may mean the task: gone, over or somebody else's. Without a status it is no server's: we know better. */
  async #isStillOurs(refused: AgentError): Promise<boolean> {
    if (refused.details?.status === undefined) return false;
    const answer = await this.#appender.readTask();
    return !('refused' in answer) && this.#appender.isOurs(answer);
  }

  /** Told once, however often the last entry is tried after it. */
  #stop(why: Stop, { message }: Error): void {
    const isFirst = this.#stopped === null;
    this.#stopped = why;
    this.#save(null);
    const { entriesSent } = this.#position;
    if (isFirst) this.#options.onStopped?.({ message, entriesSent, linesUnsent: this.#unsent() });
  }

  #unsent(): number {
    return Math.max(0, this.#newestSeq - this.#position.seq);
  }

  /** All lines that were not told, as left out. */
  #rest(): { seq: number; leftOut: number } {
    return { seq: this.#newestSeq, leftOut: this.#unsent() };
  }

  async #space(): Promise<void> {
    const { now, sleep, signal } = this.#options;
    const waitMs = this.#lastEntryMs + this.#budget.spacingMs(this.#elapsed()) - now();
    if (waitMs > 0 && this.#position.number > 0) await sleep(waitMs, signal);
  }

  async #pause(milliseconds: number): Promise<void> {
    const { sleep, signal } = this.#options;
    await sleep(milliseconds, signal ? AbortSignal.any([signal, this.#wake.signal]) : this.#wake.signal);
    if (this.#wake.signal.aborted) this.#wake = new AbortController();
  }

  #packLimits(maxEntries: number): PackLimits {
    return { entryBytes: this.#options.entryBytes - MARK_BYTES, maxEntries };
  }

  #elapsed(): number {
    return Math.max(0, this.#options.now() - this.#options.startedAtMs);
  }
}

/** The request itself, not the task, is what the platform does not like. */
function isWrongInItself({ details }: AgentError): boolean {
  return details?.status === 400 || details?.status === 413 || details?.status === 422;
}

/** Lines of `whole` that `shown`, its beginning, does not show, or not whole. */
function linesCut(whole: string, shown: string): number {
  return shown === whole ? 0 : whole.split('\n').length - shown.split('\n').length + 1;
}

/** Of a block that was read again. */
function rescan(block: LogBlock): BlockScan {
  const scan = scanLines(block.bytes, new LevelReader(block.stream, block.context));
  if (block.level === null) return scan;
  const index = block.level === 'ERROR' ? 2 : block.level === 'WARN' ? 1 : 0;
  const levels: [number, number, number] = [0, 0, 0];
  levels[index] = scan.lines;
  return { lines: scan.lines, levels, errors: index === 2 ? scan.errors : [] };
}
