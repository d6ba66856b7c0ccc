import { AgentError } from '../../shared/errors.ts';
import { parseDuration, SettingTextError } from '../../shared/parse-setting.ts';
import type { Status } from '../../shared/status.ts';
import type { Context } from '../context.ts';
import { requireAgent } from '../find-agent.ts';
import { runSentence } from '../run-table.ts';
import { count, localTime, printable } from '../text.ts';

/** Returns once the run is asked to end; it ends within its grace. */
export async function cancel(context: Context, [id]: [string]): Promise<number> {
  const { terminal } = context;
  const run = await (await requireAgent(context)).cancel({ id });
  terminal.json(run);
  terminal.line(`Asked to end: ${runSentence(run)}`);
  return 0;
}

export async function settle(
  context: Context,
  [taskId]: [string],
  { complete = false, handOver }: { complete?: boolean; handOver?: string },
): Promise<number> {
  const { terminal } = context;
  if (complete === (handOver !== undefined)) {
    throw new AgentError('USAGE', 'settle needs either --complete or --hand-over EMAIL.');
  }
  const run = await (await requireAgent(context)).settle({
    taskId,
    action: complete ? 'complete' : 'hand-over',
    email: handOver ?? null,
  });
  terminal.json(run);
  terminal.line(
    complete ? 'The task is completed.' : `The task is handed over to ${printable(handOver ?? '')}.`,
  );
  return 0;
}

export async function pause(
  context: Context,
  _args: [],
  options: { for?: string; reason?: string },
): Promise<number> {
  const { terminal } = context;
  const forMs = options.for === undefined ? null : durationOption('--for', options.for);
  const status = await (await requireAgent(context)).pause({ forMs, reason: options.reason ?? null });
  terminal.json(status);
  const until = status.pause?.until ?? null;
  terminal.line(
    `Paused${until === null ? '' : ` until ${localTime(until)}`}: no new work is taken.${stillRunning(status)}`,
  );
  return 0;
}

export async function resume(context: Context): Promise<number> {
  const { terminal } = context;
  const status = await (await requireAgent(context)).resume();
  terminal.json(status);
  terminal.line('Work is taken again.');
  return 0;
}

export async function drain(context: Context): Promise<number> {
  const { terminal } = context;
  const status = await (await requireAgent(context)).drain();
  terminal.json(status);
  terminal.line(`Draining: no new work is taken.${stillRunning(status)}`);
  return 0;
}

/**
 * A duration given on the command line, in milliseconds.
 * @throws AgentError USAGE
 */
export function durationOption(option: string, text: string): number {
  try {
    const milliseconds = parseDuration(text);
    if (milliseconds > 0) return milliseconds;
    throw new SettingTextError('a duration longer than nothing');
  } catch (error) {
    if (!(error instanceof SettingTextError)) throw error;
    throw new AgentError('USAGE', `${option} expects ${error.expected}, not ${text}.`);
  }
}

function stillRunning({ runs }: Status): string {
  const live = runs.active + runs.unsettled;
  return live === 0 ? '' : ` ${count(live, 'run')} will finish.`;
}
