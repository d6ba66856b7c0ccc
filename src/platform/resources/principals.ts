import { ApiError } from '../api-error.ts';
import type { Principal } from '../model.ts';
import { ofTenant, pageOf } from '../paging.ts';
import type { Operation, PlatformState } from '../platform-state.ts';
import { principalToWire } from '../wire.ts';

export const findPrincipals: Operation = ({ state, query }) => {
  const type = query.type === 'API_KEY' ? 'APPLICATION' : query.type;
  // There are no groups, so nobody is in one.
  const known = query.groupId === undefined ? state.store.all('principal') : [];
  const all = ofTenant(state, query, known).filter((one) => type === undefined || one.type === type);
  const page = pageOf(all, query, ['id', 'name'], (one) => {
    const { id, type, name } = principalToWire(state, one);
    return { id, type, name };
  });
  return { status: 200, body: page };
};

export const retrievePrincipal: Operation = ({ state, id }) => {
  const principal = state.store.find('principal', id);
  if (!principal) throw new ApiError(404, `Principal ${id} not found`);
  return { status: 200, body: principalToWire(state, principal) };
};

/**
 * The principal that `ownerId`/`initiatorId` or an email names.
 * @throws ApiError 400 when both or neither are there, or nobody has that name
 */
export function principalOf(
  state: PlatformState,
  id: string | undefined,
  email: string | undefined,
): Principal {
  if (id !== undefined && email !== undefined)
    throw new ApiError(400, 'Name a principal by id or by email, not both');
  if (id === undefined && email === undefined) throw new ApiError(400, 'Name a principal, by id or by email');
  const found =
    id !== undefined
      ? state.store.find('principal', id)
      : state.store.all('principal').find((one) => one.email !== null && one.email === email);
  if (!found) {
    throw new ApiError(400, 'Principal not found', [
      {
        code: 'NOT_FOUND',
        message: `No principal ${id ?? email ?? ''}`,
        location: 'body',
        locationType: 'body',
      },
    ]);
  }
  return found;
}
