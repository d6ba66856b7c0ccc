import type { Context } from '../context.ts';
import { withReader } from '../read-handlers.ts';
import { localTime, printable, shortId } from '../text.ts';

export async function why({ homeDir, terminal }: Context, [id]: [string]): Promise<number> {
  const answer = await withReader(homeDir, (handlers) => handlers.why({ id }));
  terminal.json(answer);
  const { subject, decisions } = answer;
  terminal.line(`${subject.kind} ${printable(subject.id)}`);
  if (decisions.length === 0) terminal.line('  Nothing was decided about it here.');
  for (const { at, decision, code, message, runId } of decisions) {
    const run = runId === null ? '' : ` (run ${shortId(runId)})`;
    terminal.line(printable(`  ${localTime(at)}  ${decision.padEnd(9)}  ${message} [${code}]${run}`));
  }
  return 0;
}
