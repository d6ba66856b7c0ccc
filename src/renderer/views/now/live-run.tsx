import { useEffect, useState } from 'react';
import type { LogLine, Run } from '../../../shared/run.ts';
import { useAgent } from '../../agent/agent-context.tsx';
import { RunState } from '../../parts/run-state.tsx';
import { hrefOf } from '../../route.ts';
import { useFormat, useNow, useWords } from '../../words/words-context.tsx';
import { StopButton } from '../run/stop-button.tsx';

/** A robot at work: its name, for how long, its last line, and Stop. */
export function LiveRun({ run }: { run: Run }) {
  const { now: words } = useWords();
  const format = useFormat();
  const now = useNow();
  const line = useLastLine(run.id);
  return (
    <article className="live">
      <div className="live-head">
        <div className="live-name">
          <a className="cut" href={hrefOf({ view: 'run', id: run.id })}>
            {run.robot.code}
          </a>{' '}
          <span className="soft">{run.operation}</span>
        </div>
        <RunState run={run} />
        {run.startedAt && <span>{format.stopwatch(now - Date.parse(run.startedAt))}</span>}
        <StopButton run={run} />
      </div>
      <code className="live-line cut">{line === null ? words.noLineYet : line.text || ' '}</code>
      {line !== null && <span className="heard">{words.line(format.number(line.seq))}</span>}
    </article>
  );
}

/** Told at most a few times a second: a chatty robot must not keep the window busy. */
function useLastLine(id: string): LogLine | null {
  const { client } = useAgent();
  const [line, setLine] = useState<LogLine | null>(null);
  useEffect(() => {
    const leaving = new AbortController();
    let latest: LogLine | null = null;
    const show = setInterval(() => setLine(latest), 250);
    const follow = async () => {
      for await (const lines of client.stream('logs', { id, follow: true, last: 20 }, leaving.signal)) {
        latest =
          lines.filter(({ stream, text }) => stream !== 'agent' && text.trim() !== '').at(-1) ?? latest;
      }
    };
    // The card goes with the run; a log that cannot be followed is told on the run's own page.
    follow().catch(() => undefined);
    return () => {
      clearInterval(show);
      leaving.abort();
    };
  }, [client, id]);
  return line;
}
