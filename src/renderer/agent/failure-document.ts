import { z } from 'zod';
import { ErrorDocumentSchema } from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';

const Failure = z.object({ error: ErrorDocumentSchema });

/** The error that crossed a border as a document. */
export function errorFrom(document: unknown): AgentError {
  const failure = Failure.safeParse(document);
  if (!failure.success) return new AgentError('UNEXPECTED', 'The agent answered with an unknown error.');
  const { code, message, hint, retryable, details } = failure.data.error;
  return new AgentError(code, message, {
    retryable,
    ...(hint === null ? {} : { hint }),
    ...(details === null ? {} : { details }),
  });
}
