import type { RobotProcess } from '../process/robot-process.ts';

/** The robots that a sandbox started and that still live. */
export class LiveRobots {
  readonly #live = new Set<RobotProcess>();

  add(robot: RobotProcess): RobotProcess {
    this.#live.add(robot);
    void robot.exited.then(() => this.#live.delete(robot));
    return robot;
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all([...this.#live].map((robot) => robot.cancel(graceMs)));
  }
}
