import type { Readable } from 'node:stream';
import { AgentError } from '../../shared/errors.ts';
import type { LogLevel, LogStream } from '../../shared/run.ts';
import { isDiskFullError } from '../home/disk-space.ts';
import { LineSplitter } from '../process/line-splitter.ts';
import { LevelReader } from './level.ts';
import { type BlockScan, type LogBlock, scanLines } from './log-block.ts';
import { Masker, SecretSet } from './masker.ts';
import { OutputMasker } from './output-masker.ts';
import { RunLogWriter } from './run-log-file.ts';
import { MIN_SECRET_BYTES } from './secret-forms.ts';

/** Small writes of a robot are gathered for so long, or up to so many bytes: a block a line would cost 10 times as much. */
const GATHER_MS = 20;
const GATHER_BYTES = 64 * 1024;
const LF = 10;
/** From this size on a portion is worth a block of its own. */
const LARGE_BYTES = 16 * 1024;

export interface RunLogOptions {
  path: string;
  /** Values that are masked before anything is written or offered; a robot may announce more. */
  secrets: Iterable<string>;
  now: () => number;
  /** What the file may hold of a robot's output; what comes later is counted, and offered all the same. */
  maxBytes?: number;
  /** Each block, once it is in the file, with what its lines are. */
  onBlock?: (block: LogBlock, scan: BlockScan) => void;
  /** The file could not be written, the first time: DISK_FULL or HOST_DISK. The robot's lines go on to `onBlock`. */
  onFailure?: (error: AgentError) => void;
}

export interface RunLog {
  /** Takes a robot's output until `readable` ends. Processing is synchronous, so the pipe itself holds a robot back. */
  attach(readable: Readable, stream: 'stdout' | 'stderr'): void;
  write(stream: 'stdout' | 'stderr', chunk: Buffer): void;
  /** A line of the agent's own; masked like the robot's. */
  agentLine(level: LogLevel, text: string): void;
  /** Writes what was gathered. Lines that are not ended yet stay. */
  flush(): void;
  /** The robot has ended: writes all that it printed, also an unended last line. */
  endOutput(): void;
  /** Writes everything and closes the log. */
  end(): void;
  readonly path: string;
  /** Counted after masking and splitting, `\n` included. */
  readonly counters: { readonly lines: number; readonly bytes: number };
  /** Why the file lacks lines; null: it does not. */
  readonly failure: AgentError | null;
}

/** Bytes → announced secrets taken out → masked → split into lines → run-log file → `onBlock`. */
export function createRunLog(options: RunLogOptions): RunLog {
  return new LogPipeline(options);
}

class LogPipeline implements RunLog {
  readonly #options: RunLogOptions;
  readonly #writer: RunLogWriter;
  readonly #robot: { stdout: RobotStream; stderr: RobotStream };
  readonly #agentMasker: Masker;
  readonly counters: { lines: number; bytes: number };
  failure: AgentError | null = null;
  /** Lines that the file no longer took. */
  #leftOut = 0;
  #outputEnded = false;

  constructor(options: RunLogOptions) {
    this.#options = options;
    this.#writer = new RunLogWriter(options.path);
    this.counters = { lines: this.#writer.nextSeq - 1, bytes: 0 };
    const secrets = new SecretSet(options.secrets);
    this.#agentMasker = new Masker(secrets);
    const masker = () => new OutputMasker(secrets, () => this.agentLine('WARN', TOO_SHORT_TO_MASK));
    const streamOf = (stream: LogStream) =>
      new RobotStream(stream, masker(), options.now, (lines, timeMs) => this.#take(lines, timeMs));
    this.#robot = { stdout: streamOf('stdout'), stderr: streamOf('stderr') };
  }

  get path(): string {
    return this.#options.path;
  }

  attach(readable: Readable, stream: 'stdout' | 'stderr'): void {
    readable.on('data', (chunk: Buffer) => this.write(stream, chunk));
    readable.on('error', (error) => this.agentLine('WARN', `${stream} broke off: ${error.message}`));
  }

  write(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    // Between the streams the order is that of arrival.
    this.#robot[stream === 'stdout' ? 'stderr' : 'stdout'].flush();
    this.#robot[stream].write(chunk);
  }

  agentLine(level: LogLevel, text: string): void {
    this.flush();
    const splitter = new LineSplitter();
    const masked = Buffer.from(this.#agentMasker.maskText(text));
    const bytes = Buffer.concat([splitter.push(masked), splitter.end()]);
    const timeMs = this.#options.now();
    const { lines } = scanLines(bytes, new LevelReader('agent'));
    const index = level === 'INFO' ? 0 : level === 'WARN' ? 1 : 2;
    const levels: [number, number, number] = [0, 0, 0];
    levels[index] = lines;
    const errors = level === 'ERROR' ? placesOf(bytes) : [];
    this.#append(
      { timeMs, stream: 'agent', level, context: 'none', bytes, lines },
      { lines, levels, errors },
    );
  }

  flush(): void {
    this.#robot.stdout.flush();
    this.#robot.stderr.flush();
  }

  endOutput(): void {
    if (this.#outputEnded) return;
    this.#outputEnded = true;
    this.#robot.stdout.end();
    this.#robot.stderr.end();
  }

  end(): void {
    this.endOutput();
    if (this.#leftOut > 0) this.agentLine('WARN', leftOutText(this.#leftOut, this.#options.maxBytes ?? 0));
    try {
      this.#writer.end(this.#options.now());
    } catch (error) {
      this.#fail(error);
    }
  }

  #take(gathered: GatheredLines, timeMs: number): void {
    const { stream, bytes, reader } = gathered;
    const context = reader.context;
    const scan = scanLines(bytes, reader);
    this.#append({ timeMs, stream, level: null, context, bytes, lines: scan.lines }, scan);
  }

  #append(content: Omit<LogBlock, 'seq'>, scan: BlockScan): void {
    const block: LogBlock = { seq: this.#writer.nextSeq, ...content };
    try {
      if (this.#takes(block)) this.#writer.append(block);
      else this.#leftOut += this.#writer.skip(block);
    } catch (error) {
      this.#fail(error);
    }
    this.counters.lines += block.lines;
    this.counters.bytes += block.bytes.length;
    this.#options.onBlock?.(block, scan);
  }

  /** The agent's own few lines always; of the robot's none after one was left out. */
  #takes(block: LogBlock): boolean {
    const { maxBytes = Number.POSITIVE_INFINITY } = this.#options;
    if (block.stream === 'agent') return true;
    return this.#leftOut === 0 && this.#writer.size + block.bytes.length <= maxBytes;
  }

  #fail(cause: unknown): void {
    if (this.failure !== null) return;
    this.failure = writeFailure(this.#options.path, cause);
    this.#options.onFailure?.(this.failure);
  }
}

const TOO_SHORT_TO_MASK = `A value announced by ::add-mask:: has fewer than ${MIN_SECRET_BYTES} bytes; it is not masked.`;

function leftOutText(lines: number, maxBytes: number): string {
  const count = `${lines.toLocaleString('en')} ${lines === 1 ? 'line' : 'lines'}`;
  return `${count} of the robot are left out of the run log, which may hold ${maxBytes.toLocaleString('en')} bytes (runLogMaxBytes).`;
}

function placesOf(bytes: Buffer): BlockScan['errors'] {
  const places: BlockScan['errors'] = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end !== -1; end = bytes.indexOf(10, start)) {
    places.push({ line: places.length, start, end });
    start = end + 1;
  }
  return places;
}

function writeFailure(path: string, cause: unknown): AgentError {
  const systemCode = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  const full = isDiskFullError(cause);
  return new AgentError(
    full ? 'DISK_FULL' : 'HOST_DISK',
    `The run log ${path} could not be written: ${full ? 'the disk is full' : systemCode}.`,
    { cause },
  );
}

interface GatheredLines {
  stream: LogStream;
  bytes: Buffer;
  reader: LevelReader;
}

/** One of a robot's two streams: gathers, masks, splits. */
class RobotStream {
  readonly #stream: LogStream;
  readonly #masker: OutputMasker;
  readonly #splitter = new LineSplitter();
  readonly #reader: LevelReader;
  readonly #now: () => number;
  readonly #give: (lines: GatheredLines, timeMs: number) => void;
  #gathered: Buffer | null = null;
  #length = 0;
  #sinceMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(
    stream: LogStream,
    masker: OutputMasker,
    now: () => number,
    give: (lines: GatheredLines, timeMs: number) => void,
  ) {
    this.#stream = stream;
    this.#masker = masker;
    this.#reader = new LevelReader(stream);
    this.#now = now;
    this.#give = give;
  }

  write(chunk: Buffer): void {
    if (this.#length + chunk.length > GATHER_BYTES || chunk.length >= LARGE_BYTES) this.flush();
    if (chunk.length >= LARGE_BYTES) {
      this.#process(chunk, this.#now());
      return;
    }
    if (this.#length === 0) {
      this.#sinceMs = this.#now();
      this.#timer = setTimeout(() => this.flush(), GATHER_MS);
    }
    this.#gathered ??= Buffer.allocUnsafe(GATHER_BYTES);
    this.#length += chunk.copy(this.#gathered, this.#length);
  }

  flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#length === 0 || this.#gathered === null) return;
    const gathered = this.#gathered.subarray(0, this.#length);
    // Blocks are kept by reference: a full buffer goes with its block, of a nearly empty one the block gets a copy.
    const copied = this.#length < LARGE_BYTES;
    if (!copied) this.#gathered = null;
    this.#length = 0;
    this.#process(copied ? Buffer.from(gathered) : gathered, this.#sinceMs);
  }

  end(): void {
    this.flush();
    const masked = this.#masker.end();
    const bytes = Buffer.concat([this.#splitter.push(masked), this.#splitter.end()]);
    this.#emit(bytes, this.#now());
  }

  #process(chunk: Buffer, timeMs: number): void {
    const masked = this.#masker.push(chunk);
    // The line under way is completed by itself: what follows in a large portion is then not copied to be joined.
    const rest = masked.length < LARGE_BYTES ? 0 : masked.indexOf(LF) + 1;
    if (rest > 0) this.#emit(this.#splitter.push(masked.subarray(0, rest)), timeMs);
    this.#emit(this.#splitter.push(masked.subarray(rest)), timeMs);
  }

  #emit(bytes: Buffer, timeMs: number): void {
    if (bytes.length > 0) this.#give({ stream: this.#stream, bytes, reader: this.#reader }, timeMs);
  }
}
