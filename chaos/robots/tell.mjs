// What every robot of the fleet does: says to the collector that it started and ended, and prints numbered rows.
import { request } from 'node:http';

const { CHAOS_COLLECTOR, CHAOS_API_TOKEN, KUBOT_RUN_ID, KUFLOW_TASK_ID, KUFLOW_ROBOT_OPERATION } =
  process.env;
const run = KUBOT_RUN_ID.slice(-8);
let rows = 0;

/** A whole number from `least` to `most` that the task alone decides. */
export function luck(salt, least, most) {
  let hash = 0x811c9dc5;
  for (const char of salt + KUFLOW_TASK_ID) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return least + (hash % (most - least + 1));
}

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** One row; some hold what nobody may see. */
export function row(level = '', print = console.log) {
  rows++;
  print(`${level}row ${rows} of ${run}${rows % 7 === 0 ? ` with ${CHAOS_API_TOKEN} in it` : ''}`);
}

export async function begin() {
  await tell('start');
}

/** Says that all rows are printed, and ends. */
export async function end(exitCode = 0) {
  // Node's exit forgets what a full pipe has not taken yet.
  for (const stream of [process.stdout, process.stderr]) await new Promise((done) => stream.write('', done));
  await tell('end');
  process.exit(exitCode);
}

export async function tell(phase) {
  const line = { phase, runId: KUBOT_RUN_ID, taskId: KUFLOW_TASK_ID, robot: KUFLOW_ROBOT_OPERATION, rows };
  await new Promise((resolve, reject) => {
    const post = request(CHAOS_COLLECTOR, { method: 'POST' }, (answer) => answer.resume().on('end', resolve));
    post.on('error', reject);
    post.end(JSON.stringify(line));
  });
}

/** A call through the gateway: its answer's status, or what went wrong. */
export async function call(method, path, body) {
  const { KUFLOW_API_ENDPOINT, KUFLOW_API_TOKEN } = process.env;
  const headers = { authorization: `Bearer ${KUFLOW_API_TOKEN}` };
  if (body !== undefined) headers['content-type'] = 'application/json';
  try {
    const answer = await fetch(`${KUFLOW_API_ENDPOINT}${path}`, {
      method,
      headers,
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(5000),
    });
    await answer.arrayBuffer();
    return answer.status;
  } catch (error) {
    return error.cause?.code ?? error.name;
  }
}
