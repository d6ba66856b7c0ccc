import { randomUUID } from 'node:crypto';
import type { Containment } from './containment.ts';
import type { RunCommand } from './run-command.ts';
import { programOf, runToExit, STEP_COOKIE } from './run-to-exit.ts';
import { startProcess } from './start-process.ts';

/** Runs tools that are trusted, such as version probes, to their end; nothing of theirs is left behind. */
export function createRunCommand({ containment }: { containment: Containment }): RunCommand {
  return async (spec) => {
    spec.signal.throwIfAborted();
    const child = await startProcess({
      ...programOf(spec),
      cwd: spec.cwd,
      env: spec.env,
      cookie: { name: STEP_COOKIE, value: randomUUID() },
      containment,
    });
    return await runToExit(child, spec);
  };
}
