import { isGrantedSetting, isHiddenSetting } from '../../shared/control-access.ts';
import {
  CONTROL_API,
  CONTROL_GRADES,
  type ControlHandlers,
  type ControlMethod,
  type SettingView,
} from '../../shared/control-api.ts';
import { AgentError } from '../../shared/errors.ts';
import type { Caller } from './grants.ts';

export interface CallerHandlersOptions {
  readonly caller: Caller;
  /** Whose agent it is. */
  readonly owner: string | null;
  readonly log: { info(message: string, fields: Record<string, unknown>): void };
}

/**
 * The agent's handlers as one caller may use them. What the caller's access does not hold is refused; orders of granted
 * users are in the agent log.
 */
export function handlersForCaller(
  handlers: ControlHandlers,
  { caller, owner, log }: CallerHandlersOptions,
): ControlHandlers {
  const whoAmI: ControlHandlers['whoAmI'] = async () => ({ ...caller, owner });
  if (caller.access === 'owner') return { ...handlers, whoAmI };
  const checked: ControlHandlers = { ...handlers, whoAmI, ...settingsFor(handlers, caller) };
  const guarded = (Object.keys(CONTROL_API) as ControlMethod[]).map((method) => [
    method,
    (...input: unknown[]): unknown => {
      assertMay(caller, method);
      if (CONTROL_GRADES[method] !== 'read') {
        log.info('Order of a granted user', { user: caller.user, method, ...subjectOf(input[0]) });
      }
      return Reflect.apply(checked[method], checked, input);
    },
  ]);
  // Each method with its own arguments and its own answer, which going over their names cannot say in types.
  return Object.fromEntries(guarded) as ControlHandlers;
}

/** @throws AgentError CONTROL_READ_ONLY */
function assertMay({ access, user }: Caller, method: ControlMethod): void {
  if (access !== 'read' || CONTROL_GRADES[method] === 'read') return;
  throw new AgentError(
    'CONTROL_READ_ONLY',
    `${user} may look at this agent and change nothing: ${method} is refused.`,
  );
}

/** Of an input what names its subject; never a value: those may be secret. */
function subjectOf(input: unknown): Record<string, unknown> {
  if (typeof input !== 'object' || input === null) return {};
  const named = ['id', 'robot', 'code', 'operation', 'taskId', 'key', 'action'] as const;
  return Object.fromEntries(
    named.flatMap((name) => {
      const value: unknown = Reflect.get(input, name);
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function settingsFor(
  handlers: Pick<ControlHandlers, 'configGet' | 'configSet' | 'configExplain'>,
  { user }: Caller,
): typeof handlers {
  return {
    configGet: async (input) => withoutHidden(await handlers.configGet(input)),
    configExplain: async () => (await handlers.configExplain()).map(withoutHidden),
    configSet: async (input) => {
      if (!isGrantedSetting(input.key)) {
        throw new AgentError(
          'CONTROL_OWNER_ONLY',
          `${user} may not set ${input.key}: what guards this host is its owner's alone to change.`,
        );
      }
      return withoutHidden(await handlers.configSet(input));
    },
  };
}

function withoutHidden<T extends SettingView>(setting: T): T {
  return isHiddenSetting(setting.key) ? { ...setting, value: null, hidden: true } : setting;
}
