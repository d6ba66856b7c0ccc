import type { Access, Grade } from '../../shared/control-access.ts';
import { AgentError } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';
import type { Accounts } from '../native/accounts.ts';
import type { Peer } from '../native/libc.ts';

/** Who asks over the control API. */
export interface Caller {
  readonly access: Access;
  /** A name for logs and decisions; null: the owner. */
  readonly user: string | null;
}

export const OWNER: Caller = { access: 'owner', user: null };

/** The setting `control`, with names made numbers: those are what the system tells of who connects. */
export interface Grants {
  readonly users: ReadonlyMap<number, { readonly name: string; readonly grade: Grade }>;
  readonly group: { readonly id: number; readonly grade: Grade } | null;
  /** What `control` names and this system does not know. */
  readonly unknown: readonly string[];
}

export function grantsNobody({ allowUsers, group }: Settings['control']): boolean {
  return Object.keys(allowUsers).length === 0 && group === null;
}

export function resolveGrants(
  { allowUsers, group, groupAccess }: Settings['control'],
  accounts: Pick<Accounts, 'userId' | 'groupId'>,
): Grants {
  const users = new Map<number, { name: string; grade: Grade }>();
  const unknown: string[] = [];
  for (const [name, grade] of Object.entries(allowUsers)) {
    const id = numberIn(name) ?? accounts.userId(name);
    if (id === null) unknown.push(`the user ${name}`);
    else users.set(id, { name, grade });
  }
  const groupId = group === null ? null : (numberIn(group) ?? accounts.groupId(group));
  if (group !== null && groupId === null) unknown.push(`the group ${group}`);
  return { users, group: groupId === null ? null : { id: groupId, grade: groupAccess }, unknown };
}

/** A number stands for itself, unless it is longer than the system's. */
function numberIn(text: string): number | null {
  return /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : null;
}

/**
 * What a peer may do; null: nothing. What is said of a user goes before what is said of a group.
 * @param ownId the user that the agent runs as
 */
export function judgeCaller(
  { userId, groupIds }: Pick<Peer, 'userId' | 'groupIds'>,
  grants: Pick<Grants, 'users' | 'group'>,
  ownId: number,
  nameOf: (userId: number) => string | null,
): Caller | null {
  if (userId === null) return null;
  // Root may read and change all of this anyway.
  if (userId === ownId || userId === 0) return OWNER;
  const user = grants.users.get(userId);
  const name = () => nameOf(userId) ?? String(userId);
  if (user) return { access: user.grade, user: name() };
  const { group } = grants;
  if (group === null || groupIds?.includes(group.id) !== true) return null;
  return { access: group.grade, user: name() };
}

/** What one is told whom nobody let in. */
export function refusalOf(user: string | null, control: Settings['control'], owner: string): AgentError {
  const group = control.group === null ? '' : `, those of the group ${control.group}`;
  return new AgentError(
    'CONTROL_REFUSED',
    `${user === null ? 'It is not known who you are: this' : `${user} may not use this`} agent. It belongs to ${owner}, who may${group} and the users that control.allowUsers names.`,
  );
}
