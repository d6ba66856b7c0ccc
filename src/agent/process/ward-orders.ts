import type { Cookie } from './process-table.ts';

/** What the agent writes to its watchdog, a line each. */
export type WardOrder =
  | { kind: 'expect'; ward: number; cookie: Cookie }
  | { kind: 'started'; ward: number; pid: number }
  | { kind: 'saw'; ward: number; seen: [pid: number, startedAt: string][] }
  | { kind: 'over'; ward: number };

/** What a watchdog knows of a robot; `pid` null: it may have been started, or not. */
export interface WardState {
  cookie: Cookie;
  pid: number | null;
  seen: ReadonlyMap<number, string>;
}

export function writeOrder(order: WardOrder): string {
  return `${JSON.stringify(order)}\n`;
}

/** Takes one line over. One that was cut when the agent died says nothing. */
export function takeOrder(wards: Map<number, WardState>, line: string): void {
  const order = parseOrder(line);
  if (order === null) return;
  if (order.kind === 'expect') {
    wards.set(order.ward, { cookie: order.cookie, pid: null, seen: new Map() });
    return;
  }
  const ward = wards.get(order.ward);
  if (!ward) return;
  switch (order.kind) {
    case 'started':
      wards.set(order.ward, { ...ward, pid: order.pid });
      return;
    case 'saw':
      wards.set(order.ward, { ...ward, seen: new Map(order.seen) });
      return;
    case 'over':
      wards.delete(order.ward);
  }
}

/** The writer is our own agent; what came whole is what it wrote. */
function parseOrder(line: string): WardOrder | null {
  try {
    return JSON.parse(line) as WardOrder;
  } catch {
    return null;
  }
}
