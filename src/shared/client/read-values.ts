import { z } from 'zod';
import { AgentError } from '../errors.ts';
import { errorFrom } from './failure-document.ts';

const StreamLine = z.union([
  z.object({ error: z.unknown() }),
  z.object({ end: z.literal(true) }),
  z.object({ value: z.unknown() }),
]);

/**
 * The values of a stream of the control API, as many at once as came together.
 * @throws AgentError what the stream ends with; AGENT_NOT_RUNNING when it is cut off
 */
export async function* readValues(text: AsyncIterable<string>): AsyncGenerator<readonly unknown[]> {
  let rest = '';
  for await (const part of text) {
    const lines = `${rest}${part}`.split('\n');
    rest = lines.pop() ?? '';
    const values: unknown[] = [];
    let isOver = false;
    for (const content of lines) {
      const line = StreamLine.parse(JSON.parse(content));
      if ('error' in line) throw errorFrom(line);
      if ('end' in line) isOver = true;
      else values.push(line.value);
    }
    if (values.length > 0) yield values;
    if (isOver) return;
  }
  throw new AgentError('AGENT_NOT_RUNNING', 'The agent ended while it was answering.');
}
