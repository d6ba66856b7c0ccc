import { randomBytes, randomUUID } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import { audit, checkTenant, type Operation, stamp } from '../platform-state.ts';

const TOKEN_LIFE_MS = 60 * 60_000;

/** A token for the engine. The embedded platform has no engine yet, so nothing takes it. */
export const createAuthentication: Operation = (call) => {
  const { type, tenantId } = call.body as { type: 'ENGINE_TOKEN' | 'ENGINE_CERTIFICATE'; tenantId?: string };
  // The specification wants it of people, who may be in several.
  if (tenantId === undefined && call.principal.type === 'USER')
    throw new ApiError(400, 'A tenant id is required with OAuth2');
  checkTenant(call.state, tenantId);
  if (type !== 'ENGINE_TOKEN') throw new ApiError(501, `The embedded platform does not offer ${type}`);
  const id = randomUUID();
  audit(call, `authentication/${id}`, null, { type });
  return {
    status: 200,
    body: {
      ...stamp(call),
      id,
      type,
      tenantId: call.state.tenantId,
      engineToken: {
        token: randomBytes(32).toString('base64url'),
        expiredAt: new Date(call.state.now() + TOKEN_LIFE_MS).toISOString(),
      },
    },
  };
};
