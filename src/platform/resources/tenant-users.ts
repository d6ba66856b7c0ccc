import { ApiError } from '../api-error.ts';
import type { Principal } from '../model.ts';
import { ofTenant, pageOf } from '../paging.ts';
import type { Operation, PlatformState } from '../platform-state.ts';
import { uuidV5 } from '../uuid-v5.ts';
import { principalToWire } from '../wire.ts';

export const findTenantUsers: Operation = ({ state, query }) => {
  const emails = Array.isArray(query.email) ? query.email : null;
  // There are no groups, so nobody is in one.
  const known = query.groupId === undefined ? usersOf(state) : [];
  const users = ofTenant(state, query, known)
    .filter((user) => emails === null || emails.includes(user.email))
    .map((user) => ({ id: tenantUserId(state, user), principalId: user.id, tenantId: state.tenantId }));
  return { status: 200, body: pageOf(users, query, ['id'], (user) => user) };
};

export const retrieveTenantUser: Operation = ({ state, id }) => {
  const user = usersOf(state).find((one) => tenantUserId(state, one) === id);
  if (!user) throw new ApiError(404, `Tenant user ${id} not found`);
  return { status: 200, body: { id, principal: principalToWire(state, user), tenantId: state.tenantId } };
};

function usersOf(state: PlatformState): Principal[] {
  return state.store.all('principal').filter((one) => one.type === 'USER');
}

function tenantUserId(state: PlatformState, user: Principal): string {
  return uuidV5(state.tenantId, `tenant-user/${user.id}`);
}
