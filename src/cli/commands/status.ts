import type { WhoAmI } from '../../shared/control-access.ts';
import type { Status } from '../../shared/status.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { findAgent } from '../find-agent.ts';
import { sandboxInWords } from '../sandbox-text.ts';
import { localTime, printable } from '../text.ts';
import { courtesyText } from './courtesy.ts';

export async function status(context: Context): Promise<number> {
  const { homeDir, terminal } = context;
  const agent = await findAgent(context);
  if (agent === null) {
    terminal.json({ agent: null });
    terminal.line(`No agent runs in ${printable(homeDir)}. Start one with: kubot agent`);
    return EXIT.noAgent;
  }
  const [found, who] = await Promise.all([agent.status(), agent.whoAmI()]);
  terminal.json({ ...found, access: who.access });
  terminal.lines([...accessLines(who), ...statusLines(found)]);
  return 0;
}

/** Of an agent that is not one's own: whose it is, and what one may do with it. */
export function accessLines({ access, user, owner }: WhoAmI): string[] {
  if (access === 'owner') return [];
  const may = access === 'read' ? 'may look and change nothing' : 'may look and give orders';
  return [`${'Access'.padEnd(9)} ${printable(`the agent of ${owner}; ${user} ${may}`)}`];
}

/** The status in words. */
export function statusLines(status: Status, now = Date.now()): string[] {
  const { agent, connection, worker, workerError, sources, sandbox, pause, courtesy, runs, warnings } =
    status;
  const lines: [string, string][] = [
    [
      'Agent',
      `${agent.state}, process ${agent.pid}, version ${agent.version}, since ${localTime(agent.startedAt)}`,
    ],
    ['Home', agent.home],
    ['Platform', platformText(connection, runs.unsettled, now)],
  ];
  if (connection.lastError !== null) lines.push(['', connection.lastError.message]);
  if (connection.clockSkewMs !== null) lines.push(['Clock', clockText(connection.clockSkewMs)]);
  lines.push(
    [
      'Worker',
      worker === null
        ? 'not registered yet'
        : `${worker.identity}, registered ${localTime(worker.registeredAt)}`,
    ],
    ...(workerError === null
      ? []
      : ([['', `refused since ${localTime(workerError.since)}: ${workerError.message}`]] as [
          string,
          string,
        ][])),
    ...sources.map((source): [string, string] => [
      'Source',
      `${source.name}: ${source.state}, last asked ${localTime(source.lastPollAt)}`,
    ]),
    ['Sandbox', sandboxInWords(sandbox)],
    ...(sandbox.reason === null ? [] : ([['', sandbox.reason]] as [string, string][])),
    ['Runs', `${runs.active} active, ${runs.queued} queued, ${runs.unsettled} to settle`],
  );
  if (pause !== null) {
    const until = pause.until === null ? 'until somebody resumes' : `until ${localTime(pause.until)}`;
    lines.push(['Paused', `${until}${pause.reason === null ? '' : `: ${pause.reason}`}`]);
  }
  const person = courtesyText(courtesy, now);
  if (person !== null) lines.push(['Person', person]);
  for (const warning of warnings) lines.push(['Warning', warning]);
  return lines.map(([title, text]) => `${title.padEnd(9)} ${printable(text)}`);
}

/** "offline since 10:42:00, next try in 20 s, 3 runs waiting to be reported: https://…" */
function platformText(connection: Status['connection'], unsettled: number, now: number): string {
  const parts = [`${connection.state} since ${localTime(connection.since)}`];
  if (connection.state !== 'connected') {
    if (connection.nextTryAt !== null) {
      const waitMs = Math.max(0, Date.parse(connection.nextTryAt) - now);
      parts.push(waitMs === 0 ? 'trying now' : `next try in ${Math.ceil(waitMs / 1000)} s`);
    }
    if (unsettled > 0) parts.push(`${unsettled} ${unsettled === 1 ? 'run' : 'runs'} waiting to be reported`);
  }
  return `${parts.join(', ')}: ${connection.endpoint}`;
}

function clockText(skewMs: number): string {
  const minutes = Math.round(Math.abs(skewMs) / 60_000);
  return `${minutes} min ${skewMs > 0 ? 'ahead of' : 'behind'} the platform's; set it`;
}
