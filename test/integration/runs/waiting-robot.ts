import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Run } from '../../../src/shared/run.ts';
import { type LabRobot, nodeRobot } from '../../helpers/lab.ts';

/** A robot that waits for the test: before the wait it runs `before`, after it `after`; `call` asks the API. */
export function waitingRobot({ before = '', after = '' }: { before?: string; after?: string }): LabRobot {
  return nodeRobot(`
    import { existsSync, writeFileSync } from 'node:fs';
    import { join } from 'node:path';
    const { KUFLOW_API_ENDPOINT, KUFLOW_API_TOKEN, KUFLOW_EXECUTION_OUTDIR, KUFLOW_TASK_ID } = process.env;
    async function call(path, method = 'GET', body = undefined) {
      const headers = { authorization: 'Bearer ' + KUFLOW_API_TOKEN };
      if (body !== undefined) headers['content-type'] = 'application/json';
      const answer = await fetch(KUFLOW_API_ENDPOINT + path, { method, headers, body: JSON.stringify(body) });
      return { status: answer.status, body: await answer.json() };
    }
    async function until(name) {
      while (!existsSync(join(KUFLOW_EXECUTION_OUTDIR, name))) await new Promise((go) => setTimeout(go, 20));
    }
    ${before}
    await until('go');
    ${after}
  `);
}

/** Ends the wait of a run's robot. */
export function letGo(run: Run, name = 'go'): void {
  writeFileSync(join(run.outDir ?? '', name), '');
}
