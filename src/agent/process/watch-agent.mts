// The watchdog (docs/adr/0010): reads from its agent which robots live, and when the pipe ends, kills those.
import { createInterface } from 'node:readline';
import { endWards } from './end-wards.ts';
import { createProcessTable } from './process-table.ts';
import { takeOrder, type WardState } from './ward-orders.ts';

// Who stops a service sends them to all of its processes; the agent drains then, and this one ends after it.
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);

const wards = new Map<number, WardState>();
for await (const line of createInterface({ input: process.stdin })) takeOrder(wards, line);
await endWards([...wards.values()], createProcessTable());
process.exit(0);
