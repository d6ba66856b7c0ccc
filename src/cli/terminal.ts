import type { Writable } from 'node:stream';
import { styleText } from 'node:util';
import type { AgentError } from '../shared/errors.ts';
import { printable } from './text.ts';

type Style = Parameters<typeof styleText>[0];

interface Screen extends Writable {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

export interface TerminalOptions {
  readonly stdout: Screen;
  readonly stderr: Screen;
  readonly isJson: boolean;
}

/**
 * What commands say. Under --json stdout holds JSON and nothing else; sentences go to stderr where they help
 * (`note`), else nowhere (`line`). A reader that leaves (`kubot runs | head`) is no failure.
 */
export class Terminal {
  readonly isJson: boolean;
  readonly #stdout: Screen;
  readonly #stderr: Screen;
  #transient = false;

  constructor({ stdout, stderr, isJson }: TerminalOptions) {
    this.isJson = isJson;
    this.#stdout = stdout;
    this.#stderr = stderr;
    for (const stream of [stdout, stderr]) {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
      });
    }
  }

  /** True when nobody reads any more: what only prints may stop. */
  get isDeaf(): boolean {
    return this.#stdout.destroyed || this.#stdout.errored !== null;
  }

  /** The one document of a command, or one line of a stream. */
  json(document: unknown): void {
    if (this.isJson) this.#write(this.#stdout, `${JSON.stringify(document)}\n`);
  }

  /** A line for people; nothing under --json. */
  line(text = ''): void {
    if (!this.isJson) this.#write(this.#stdout, `${text}\n`);
  }

  lines(texts: readonly string[]): void {
    for (const text of texts) this.line(text);
  }

  /** A line beside the result: progress, a warning. On stderr, so scripts may ignore it. */
  note(text: string): void {
    this.#write(this.#stderr, `${text}\n`);
  }

  /** A line of progress: on stdout for people, on stderr under --json. */
  progress(text: string): void {
    this.#write(this.#progressScreen, `${text}\n`);
  }

  /** A line that the next one replaces. Only where a screen can do that; else nothing. */
  transient(text: string): void {
    const screen = this.#progressScreen;
    if (!screen.isTTY) return;
    this.#clear();
    screen.write(text.slice(0, (screen.columns ?? 80) - 1));
    this.#transient = true;
  }

  /** Colour where a person looks at it, unless NO_COLOR is set. Never the only sign of a state. */
  style(style: Style, text: string): string {
    return styleText(style, text, { stream: this.isJson ? this.#stderr : this.#stdout });
  }

  /** The end of a command that failed: a document under --json, else sentences on stderr. */
  failure(error: AgentError): void {
    const { code, message, hint, retryable, details } = error.toJSON();
    if (this.isJson) {
      this.json({ error: { code, message, hint, retryable, details } });
      return;
    }
    this.note(`kubot: ${printable(message)}`);
    if (hint !== null && hint !== '') this.note(`       ${printable(hint)}`);
    if (code === 'UNEXPECTED' && process.env.KUBOT_LOG_LEVEL === 'debug') {
      this.note(String(error.cause instanceof Error ? error.cause.stack : error.stack));
    }
  }

  get #progressScreen(): Screen {
    return this.isJson ? this.#stderr : this.#stdout;
  }

  #write(screen: Screen, text: string): void {
    this.#clear();
    if (!screen.destroyed) screen.write(text);
  }

  #clear(): void {
    if (!this.#transient) return;
    this.#transient = false;
    this.#progressScreen.write('\r\u001b[K');
  }
}
