import type { RobotView } from '../../shared/status.ts';
import type { Context } from '../context.ts';
import { connectToAgent } from '../control-client.ts';
import { withReader } from '../read-handlers.ts';
import { table } from '../table.ts';
import { printable } from '../text.ts';

export async function robots(
  { homeDir, terminal }: Context,
  _args: [],
  options: { prepare?: string },
): Promise<number> {
  if (options.prepare !== undefined) {
    const robot = await connectToAgent(homeDir).prepare({ code: options.prepare });
    terminal.json([robot]);
    terminal.line(`${printable(robot.code)} is ${robot.state}.`);
    return 0;
  }
  const views = await withReader(homeDir, (handlers) => handlers.robots());
  terminal.json(views);
  if (views.length === 0) terminal.line('No robots are known here yet.');
  else terminal.lines(table(views, COLUMNS));
  return 0;
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
  { title: 'REASON', cell: (robot: RobotView) => robot.reason ?? '', maxWidth: 100 },
];
