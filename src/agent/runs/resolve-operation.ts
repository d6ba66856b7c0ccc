import { AgentError } from '../../shared/errors.ts';
import type { Manifest } from '../packages/manifest.ts';

/**
 * The operation to run: the one asked for, else the package's only one.
 * @throws AgentError OPERATION_NOT_FOUND, quoting the name asked for and listing those there are
 */
export function resolveOperation(manifest: Manifest, asked: string | null): Manifest['operations'][number] {
  const names = manifest.operations.map((operation) => `"${operation.name}"`).join(', ');
  if (asked !== null) {
    const found = manifest.operations.find((operation) => operation.name === asked);
    if (found) return found;
    throw new AgentError('OPERATION_NOT_FOUND', `kubot.yaml has no operation "${asked}"; it has ${names}.`, {
      details: { asked, operations: manifest.operations.map((operation) => operation.name) },
    });
  }
  const [only, ...more] = manifest.operations;
  if (only && more.length === 0) return only;
  throw new AgentError(
    'OPERATION_NOT_FOUND',
    `No operation was named and kubot.yaml has several: ${names}.`,
    {
      details: { asked: null, operations: manifest.operations.map((operation) => operation.name) },
      hint: 'Name one in the route, or in the task data where operationPointer points.',
    },
  );
}
