import type { z } from 'zod';
import {
  CONTROL_API,
  type ControlHandlers,
  type ControlMethod,
  takesNoInput,
} from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';

/**
 * Calls a method with input from outside; both ways are checked against the declaration.
 * @throws AgentError USAGE for a wrong input, UNEXPECTED for a wrong output, and what the handler throws
 */
export async function callHandler(
  handlers: ControlHandlers,
  method: ControlMethod,
  input: unknown,
): Promise<unknown> {
  const output: unknown = await invoke(handlers, method, checkInput(method, input));
  return checkOutput(method, output);
}

/** The same for a stream; each value is checked. */
export async function* streamHandler(
  handlers: ControlHandlers,
  method: ControlMethod,
  input: unknown,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  const values = invoke(handlers, method, [...checkInput(method, input), signal]);
  if (!isAsyncIterable(values)) throw new AgentError('UNEXPECTED', `${method} does not stream.`);
  for await (const value of values) yield checkOutput(method, value);
}

function checkInput(method: ControlMethod, input: unknown): unknown[] {
  const schema: z.ZodType = CONTROL_API[method].input;
  const result = schema.safeParse(input);
  if (result.success) return takesNoInput(method) ? [] : [result.data];
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || 'the input';
  throw new AgentError('USAGE', `${method}: ${field} is not usable: ${issue?.message ?? 'unknown'}.`);
}

function checkOutput(method: ControlMethod, output: unknown): unknown {
  const schema: z.ZodType = CONTROL_API[method].output;
  const result = schema.safeParse(output);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join('.') || 'the output';
  throw new AgentError('UNEXPECTED', `${method} answered with a wrong ${field}: ${issue?.message ?? ''}.`);
}

/** The declaration ties input to handler by name, which a union of methods cannot say in types. */
function invoke(handlers: ControlHandlers, method: ControlMethod, input: unknown[]): unknown {
  return Reflect.apply(handlers[method], handlers, input);
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
