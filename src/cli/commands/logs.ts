import { AgentError } from '../../shared/errors.ts';
import type { Context } from '../context.ts';
import { logLineText } from '../log-lines.ts';
import { withReader } from '../read-handlers.ts';
import { listenForStop } from '../stop-signals.ts';

/** Prints what a run printed; with --follow as it comes, until the run ends. */
export async function logs(
  context: Context,
  [id]: [string],
  { follow = false }: { follow?: boolean },
): Promise<number> {
  const { terminal } = context;
  const stop = listenForStop();
  const leaving = new AbortController();
  let interrupted = false;
  stop.first.then(() => {
    interrupted = true;
    leaving.abort();
  }, undefined);
  try {
    await withReader(context, async (handlers) => {
      for await (const line of handlers.logs({ id, follow }, leaving.signal)) {
        if (leaving.signal.aborted || terminal.isDeaf) break;
        terminal.json(line);
        terminal.line(logLineText(line, terminal));
      }
    });
  } finally {
    stop.dispose();
  }
  if (interrupted) throw new AgentError('INTERRUPTED', 'Interrupted; the run goes on.');
  return 0;
}
