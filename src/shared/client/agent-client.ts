import type { z } from 'zod';
import { CONTROL_API, type ControlHandlers, type ControlMethod } from '../control-api.ts';
import type { Transport } from './transport.ts';

type StreamMethod = {
  [M in ControlMethod]: (typeof CONTROL_API)[M]['kind'] extends 'stream' ? M : never;
}[ControlMethod];
export type CallMethod = Exclude<ControlMethod, StreamMethod>;
export type InputOf<M extends CallMethod> =
  Parameters<ControlHandlers[M]> extends [infer I, ...unknown[]] ? I : undefined;
type StreamInputOf<M extends StreamMethod> =
  Parameters<ControlHandlers[M]> extends [infer I extends object, (AbortSignal | undefined)?]
    ? I
    : Record<string, never>;
export type OutputOf<M extends ControlMethod> = z.output<(typeof CONTROL_API)[M]['output']>;

/** The control API, with every answer checked against its declaration. */
export class AgentClient {
  readonly #transport: Transport;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** @throws AgentError */
  async call<M extends CallMethod>(method: M, input?: InputOf<M>): Promise<OutputOf<M>> {
    const answer = await this.#transport.call(method, input ?? {});
    return checked(method, answer);
  }

  async *stream<M extends StreamMethod>(
    method: M,
    input: StreamInputOf<M>,
    signal: AbortSignal,
  ): AsyncGenerator<readonly OutputOf<M>[]> {
    for await (const values of this.#transport.stream(method, input, signal)) {
      yield values.map((value) => checked(method, value));
    }
  }
}

/** The declaration ties output to method by name, which parsing with a union of schemas cannot say in types. */
function checked<M extends ControlMethod>(method: M, value: unknown): OutputOf<M> {
  return CONTROL_API[method].output.parse(value) as OutputOf<M>;
}
