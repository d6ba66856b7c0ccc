import { bytes } from '../../shared/byte-text.ts';
import type { RunDetails } from '../../shared/run.ts';
import type { Context } from '../context.ts';
import { withReader } from '../read-handlers.ts';
import { stateInWords } from '../run-table.ts';
import { sandboxInWords } from '../sandbox-text.ts';
import { count, duration, localTime, printable } from '../text.ts';
import { callInWords, signerInWords, touchedInWords } from '../touched.ts';

/** A failed run is a result like any other: exit code 0. */
export async function run(context: Context, [id]: [string]): Promise<number> {
  const details = await withReader(context, (handlers) => handlers.run({ id }));
  context.terminal.json(details);
  context.terminal.lines(describe(details));
  return 0;
}

function describe(run: RunDetails): string[] {
  const runtimes = Object.entries(run.runtimes).map(([name, version]) => `${name} ${version}`);
  const facts: [string, string | null][] = [
    ['Run', run.id],
    ['Robot', `${run.robot.code}${run.robot.revision === null ? '' : `, revision ${run.robot.revision}`}`],
    ['Operation', run.operation],
    ['State', stateInWords(run)],
    ['Why', run.error === null ? null : run.error.message],
    ['To do', run.error?.hint ?? null],
    ['Exit', run.signal ?? (run.exitCode === null ? null : `code ${run.exitCode}`)],
    ['Source', `${run.source}, attempt ${run.attempt}`],
    ['Task', run.taskId],
    ['Process', run.processId],
    ['Asked for', localTime(run.requestedAt)],
    ['Started', run.startedAt === null ? null : localTime(run.startedAt)],
    ['Ended', run.endedAt === null ? null : `${localTime(run.endedAt)}, after ${duration(run.durationMs)}`],
    ['Runtimes', runtimes.join(', ') || null],
    ['Signed by', run.signature === null ? null : signerInWords(run.signature)],
    ['Sandbox', sandboxInWords(run.sandbox)],
    ['Log', `${count(run.log.lines, 'line')}, ${bytes(run.log.bytes)}; ${run.log.entriesSent} entries sent`],
    ['Settled', run.settled === null ? null : `${run.settled.action} at ${localTime(run.settled.at)}`],
    ['Output', run.outDir],
  ];
  return [
    ...facts
      .filter((fact): fact is [string, string] => fact[1] !== null)
      .map(([title, text]) => `${title.padEnd(10)} ${printable(text)}`),
    ...section(
      'Timeline',
      run.timeline.map(({ at, state }) => `${localTime(at)}  ${state}`),
    ),
    ...section('What the robot touched', run.startedAt === null ? [] : touchedInWords(run)),
    ...section('API calls', run.apiCalls.map(callInWords)),
    ...section(
      'Files',
      run.files.map((file) => `${file.area}/${file.path}  ${bytes(file.bytes)}`),
    ),
  ];
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ['', title, ...lines.map((line) => `  ${printable(line)}`)];
}
