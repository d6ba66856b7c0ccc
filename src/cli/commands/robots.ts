import type { RobotView } from '../../shared/status.ts';
import type { Context } from '../context.ts';
import { requireAgent } from '../find-agent.ts';
import { withReader } from '../read-handlers.ts';
import { table } from '../table.ts';
import { printable } from '../text.ts';

export async function robots(context: Context, _args: [], options: { prepare?: string }): Promise<number> {
  if (options.prepare !== undefined) {
    const robot = await (await requireAgent(context)).prepare({ code: options.prepare });
    context.terminal.json([robot]);
    context.terminal.line(`${printable(robot.code)} is ${robot.state}.`);
    return 0;
  }
  const views = await withReader(context, (handlers) => handlers.robots());
  context.terminal.json(views);
  if (views.length === 0) context.terminal.line('No robots are known here yet.');
  else context.terminal.lines(table(views, columnsFor(views)));
  return 0;
}

/** Where no signature was looked at, nobody needs to read of them. */
function columnsFor(views: readonly RobotView[]) {
  const isLookedAt = views.some(({ signature }) => signature !== null);
  return isLookedAt
    ? [...COLUMNS, { title: 'SIGNED BY', cell: signer, maxWidth: 32 }, REASON]
    : [...COLUMNS, REASON];
}

const COLUMNS = [
  { title: 'ROBOT', cell: (robot: RobotView) => robot.code },
  { title: 'NAME', cell: (robot: RobotView) => robot.name, maxWidth: 32 },
  { title: 'STATE', cell: (robot: RobotView) => robot.state },
  { title: 'OPERATIONS', cell: (robot: RobotView) => robot.operations.join(', ') || '–', maxWidth: 40 },
  {
    title: 'RUNTIMES',
    cell: (robot: RobotView) =>
      Object.entries(robot.runtimes)
        .map(([name, version]) => `${name} ${version}`)
        .join(', ') || '–',
  },
];

const REASON = { title: 'REASON', cell: (robot: RobotView) => robot.reason ?? '', maxWidth: 100 };

/** A key is too long for a table: `kubot run` and `--json` have it. */
function signer({ signature }: RobotView): string {
  if (signature === null) return '–';
  return (
    signature.publisher ??
    { trusted: 'first key', untrusted: 'not trusted', unsigned: 'nobody', broken: 'broken' }[signature.state]
  );
}
