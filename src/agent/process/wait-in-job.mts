// Windows: waits until the agent has put it into a job, and only then starts the robot, so that nothing of the robot
// was ever outside. Ends as the robot ends.
import { spawn } from 'node:child_process';
import type { JobOrder } from './enter-job.ts';

// The agent died before it could say anything.
const leave = () => process.exit(1);
process.once('disconnect', leave);
process.once('message', (order: JobOrder) => {
  const robot = spawn(order.file, order.args, {
    cwd: order.cwd,
    env: order.env,
    stdio: ['ignore', 'inherit', 'inherit'],
    windowsHide: true,
    windowsVerbatimArguments: order.verbatim,
  });
  const answer = (message: Record<string, unknown>) => {
    process.off('disconnect', leave);
    process.send?.(message, () => process.connected && process.disconnect());
  };
  robot.once('spawn', () => answer({ kind: 'started' }));
  robot.once('error', (error) => {
    answer({ kind: 'failed', code: 'code' in error ? error.code : null });
    process.exitCode = 1;
  });
  robot.once('exit', (code) => {
    process.exitCode = code ?? 1;
  });
});
