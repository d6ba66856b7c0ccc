import type { Status } from '../../src/shared/status.ts';

const AT = '2026-01-02T03:04:05.000Z';

/** Of a host that is well and has nothing to do, but for what is told. */
export function aStatus(over: Partial<Status> = {}): Status {
  return {
    agent: { pid: 1, version: '0', home: '/home', installationId: 'i', startedAt: AT, state: 'idle' },
    connection: {
      endpoint: 'https://api.kuflow.com/v2024-06-14',
      state: 'connected',
      since: AT,
      nextTryAt: null,
      lastError: null,
      clockSkewMs: null,
    },
    worker: { identity: 'pc#1', registeredAt: AT, nextRefreshAt: null },
    workerError: null,
    sources: [{ name: 'inbox', state: 'polling', lastPollAt: AT }],
    sandbox: { requested: 'standard', achieved: 'standard', missing: [], reason: null },
    pause: null,
    courtesy: null,
    runs: { active: 0, queued: 0, unsettled: 0 },
    warnings: [],
    ...over,
  };
}
