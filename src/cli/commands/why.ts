import type { Context } from '../context.ts';
import { withReader } from '../read-handlers.ts';
import { localTime, printable, shortId } from '../text.ts';

export async function why(context: Context, [id]: [string]): Promise<number> {
  const answer = await withReader(context, (handlers) => handlers.why({ id }));
  context.terminal.json(answer);
  const { subject, decisions } = answer;
  context.terminal.line(`${subject.kind} ${printable(subject.id)}`);
  if (decisions.length === 0) context.terminal.line('  Nothing was decided about it here.');
  for (const { at, decision, code, message, runId } of decisions) {
    const run = runId === null ? '' : ` (run ${shortId(runId)})`;
    context.terminal.line(printable(`  ${localTime(at)}  ${decision.padEnd(9)}  ${message} [${code}]${run}`));
  }
  return 0;
}
