import { z } from 'zod';
import { ErrorDocumentSchema } from '../control-api.ts';
import { AgentError } from '../errors.ts';

/** How an error crosses a border. */
export const FailureSchema = z.object({ error: ErrorDocumentSchema });

/** The error that came as such a document. */
export function errorFrom(document: unknown): AgentError {
  const failure = FailureSchema.safeParse(document);
  if (!failure.success) return new AgentError('UNEXPECTED', 'The agent answered with an unknown error.');
  const { code, message, hint, retryable, details } = failure.data.error;
  return new AgentError(code, message, {
    retryable,
    ...(hint === null ? {} : { hint }),
    ...(details === null ? {} : { details }),
  });
}
