import { isAgentError } from '../../shared/errors.ts';
import type { Status } from '../../shared/status.ts';
import type { Context } from '../context.ts';
import { connectToAgent } from '../control-client.ts';
import { EXIT } from '../exit-codes.ts';
import { localTime, printable } from '../text.ts';

export async function status({ homeDir, terminal }: Context): Promise<number> {
  const found = await findStatus(homeDir);
  if (found === null) {
    terminal.json({ agent: null });
    terminal.line(`No agent runs in ${printable(homeDir)}. Start one with: kubot agent`);
    return EXIT.noAgent;
  }
  terminal.json(found);
  terminal.lines(statusLines(found));
  return 0;
}

/** The status in words. */
export function statusLines(status: Status): string[] {
  const { agent, connection, worker, sources, sandbox, pause, runs } = status;
  const lines: [string, string][] = [
    [
      'Agent',
      `${agent.state}, process ${agent.pid}, version ${agent.version}, since ${localTime(agent.startedAt)}`,
    ],
    ['Home', agent.home],
    ['Platform', `${connection.state} since ${localTime(connection.since)}: ${connection.endpoint}`],
  ];
  if (connection.lastError !== null && connection.state !== 'connected') {
    const next = connection.nextTryAt === null ? '' : `; next try ${localTime(connection.nextTryAt)}`;
    lines.push(['', `${connection.lastError.message}${next}`]);
  }
  lines.push(
    [
      'Worker',
      worker === null
        ? 'not registered yet'
        : `${worker.identity}, registered ${localTime(worker.registeredAt)}`,
    ],
    ...sources.map((source): [string, string] => [
      'Source',
      `${source.name}: ${source.state}, last asked ${localTime(source.lastPollAt)}`,
    ]),
    [
      'Sandbox',
      sandbox.missing.length === 0
        ? sandbox.achieved
        : `${sandbox.achieved} (asked for: ${sandbox.requested}; missing: ${sandbox.missing.join(', ')})`,
    ],
    ['Runs', `${runs.active} active, ${runs.queued} queued, ${runs.unsettled} to settle`],
  );
  if (pause !== null) {
    const until = pause.until === null ? 'until somebody resumes' : `until ${localTime(pause.until)}`;
    lines.push(['Paused', `${until}${pause.reason === null ? '' : `: ${pause.reason}`}`]);
  }
  return lines.map(([title, text]) => `${title.padEnd(9)} ${printable(text)}`);
}

async function findStatus(homeDir: string): Promise<Status | null> {
  try {
    return await connectToAgent(homeDir).status();
  } catch (error) {
    if (isAgentError(error) && error.code === 'AGENT_NOT_RUNNING') return null;
    throw error;
  }
}
