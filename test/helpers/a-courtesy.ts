import type { Courtesy, CourtesyNext } from '../../src/shared/courtesy.ts';

/** Of a person at the host for whom a desktop run is counted down, but for what is told. */
export function aCourtesy(over: Partial<Courtesy> = {}): Courtesy {
  return {
    desktopRobots: true,
    locked: false,
    presenting: false,
    postponedUntil: null,
    next: aNext(),
    ...over,
  };
}

export function aNext(over: Partial<CourtesyNext> = {}): CourtesyNext {
  return {
    runId: 'r1',
    taskId: 't1',
    robot: 'DESK',
    operation: 'Run',
    waitsFor: 'countdown',
    until: new Date(2026, 2, 10, 14, 0, 30).toISOString(),
    postponableUntil: new Date(2026, 2, 10, 18, 0).toISOString(),
    ...over,
  };
}
