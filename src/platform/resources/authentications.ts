import { randomBytes, randomUUID } from 'node:crypto';
import { audit, type Operation, stamp } from '../platform-state.ts';

const TOKEN_LIFE_MS = 60 * 60_000;

/** A token for the engine. The embedded platform has no engine yet, so nothing takes it. */
export const createAuthentication: Operation = (call) => {
  const { type } = call.body as { type: 'ENGINE_TOKEN' | 'ENGINE_CERTIFICATE' };
  const id = randomUUID();
  audit(call, `authentication/${id}`, null, { type });
  return {
    status: 200,
    body: {
      ...stamp(call),
      id,
      type,
      tenantId: call.state.tenantId,
      ...(type === 'ENGINE_TOKEN' && {
        engineToken: {
          token: randomBytes(32).toString('base64url'),
          expiredAt: new Date(call.state.now() + TOKEN_LIFE_MS).toISOString(),
        },
      }),
    },
  };
};
