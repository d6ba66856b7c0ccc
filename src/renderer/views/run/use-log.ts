import { useEffect, useMemo, useState } from 'react';
import { type AgentError, toAgentError } from '../../../shared/errors.ts';
import { useAgent } from '../../agent/agent-context.tsx';
import { LogBook } from './log-book.ts';

export interface Log {
  readonly book: LogBook;
  /** Grows with the book: what reads it draws again. */
  readonly version: number;
  readonly isWhole: boolean;
  readonly error: AgentError | null;
}

/** The run's log, from its first line for as long as it grows. */
export function useLog(id: string): Log {
  const { client } = useAgent();
  const book = useMemo(() => new LogBook(), []);
  const [state, setState] = useState<Omit<Log, 'book'>>({ version: 0, isWhole: false, error: null });
  useEffect(() => {
    const leaving = new AbortController();
    let drawing = 0;
    let heard = 0;
    // One drawing a frame, however many portions come.
    const draw = () => {
      drawing ||= requestAnimationFrame(() => {
        drawing = 0;
        setState((before) => ({ ...before, version: before.version + 1 }));
      });
    };
    const read = async () => {
      for await (const lines of client.stream('logs', { id, follow: true }, leaving.signal)) {
        // Read twice in development; lines have numbers.
        book.add(lines.filter(({ seq }) => seq > heard && seq > book.length));
        heard = lines.at(-1)?.seq ?? heard;
        draw();
      }
      setState((before) => ({ version: before.version + 1, isWhole: true, error: null }));
    };
    read().catch((error: unknown) => {
      if (!leaving.signal.aborted) setState((before) => ({ ...before, error: toAgentError(error) }));
    });
    return () => {
      leaving.abort();
      cancelAnimationFrame(drawing);
    };
  }, [client, id, book]);
  return { book, ...state };
}
