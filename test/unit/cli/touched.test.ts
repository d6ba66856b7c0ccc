import { describe, expect, test } from 'vitest';
import { callInWords, signerInWords, touchedInWords } from '../../../src/cli/touched.ts';
import type { RunDetails } from '../../../src/shared/run.ts';
import { aRun, UNTOUCHED } from '../../helpers/a-run.ts';

const aDetailedRun = (touched: Partial<RunDetails['touched']> = {}): RunDetails => ({
  ...aRun(),
  ...UNTOUCHED,
  timeline: [],
  apiCalls: [],
  files: [],
  touched: { ...UNTOUCHED.touched, ...touched },
});

const API = { calls: 0, refused: 0, bytesUp: 0, bytesDown: 0, operations: [] };

describe('what the robot touched', () => {
  test('is said where it is known', () => {
    const run = aDetailedRun({
      api: { ...API, calls: 14, refused: 2, bytesUp: 3_250_000, bytesDown: 900 },
      filesLeft: { out: 2, home: 200 },
      hosts: [
        { host: 'evil.example', port: 443, verdict: 'refused' },
        { host: 'pypi.org', port: 443, verdict: 'allowed' },
      ],
      programs: [
        { name: 'chrome', count: 9 },
        { name: 'sh', count: 1 },
      ],
      peakMemoryBytes: 88_000_000,
      cpuTimeMs: 1230,
    });
    expect(touchedInWords(run)).toEqual([
      'KuFlow API 14 calls, 2 refused; 3.1 MB sent, 900 B received',
      'Hosts      evil.example:443 (refused), pypi.org:443',
      'Files left 2 in its output folder, 200 or more in a home of its own',
      'Programs   chrome ×9, sh',
      'Memory     at least 83.9 MB at its peak',
      'CPU time   at least 1.2 s',
    ]);
  });

  test('is said to be unknown where it is', () => {
    expect(touchedInWords(aDetailedRun())).toEqual([
      'KuFlow API no calls',
      'Hosts      not known: the network was not an allow-list',
      'Files left not known: its folders were removed',
      'Programs   not known',
      'Memory     not known',
      'CPU time   not known',
    ]);
  });

  test('names no bytes that an earlier version did not count', () => {
    const run = aDetailedRun({ api: { ...API, calls: 1, bytesUp: null, bytesDown: null } });
    expect(touchedInWords(run)[0]).toBe('KuFlow API 1 call, 0 refused');
  });

  test('tells no hosts from unknown ones, and stops naming at a dozen', () => {
    expect(touchedInWords(aDetailedRun({ hosts: [] }))[1]).toBe('Hosts      none');
    const programs = Array.from({ length: 15 }, (_, at) => ({ name: `p${at}`, count: 1 }));
    expect(touchedInWords(aDetailedRun({ programs }))[3]).toMatch(/p11 and 3 more$/);
  });
});

describe('a call', () => {
  const call: RunDetails['apiCalls'][number] = {
    at: 'noon',
    operationId: 'retrieveProcess',
    method: 'GET',
    path: '/processes/1',
    status: 200,
    verdict: 'forwarded',
    reason: null,
    times: 1,
    bytesUp: 0,
    bytesDown: 0,
  };

  test.each<[Partial<typeof call>, string]>([
    [{}, 'noon  allowed  200  GET /processes/1'],
    [{ status: null, reason: 'cut' }, 'noon  allowed  –  GET /processes/1 (cut)'],
    [
      { verdict: 'refused', status: 429, times: 4000, reason: 'too many' },
      'noon  refused  429  GET /processes/1 ×4000 (too many)',
    ],
  ])('%j is told with its verdict', (over, line) => {
    expect(callInWords({ ...call, ...over })).toBe(line);
  });
});

test.each([
  [{ state: 'trusted', key: 'KEY', publisher: 'Acme' } as const, 'Acme (KEY)'],
  [{ state: 'trusted', key: 'KEY', publisher: null } as const, 'KEY, trusted since it was first seen here'],
  [{ state: 'untrusted', key: 'KEY', publisher: null } as const, 'KEY, which is not trusted here'],
  [{ state: 'unsigned', key: null, publisher: null } as const, 'nobody'],
  [{ state: 'broken', key: null, publisher: null } as const, 'nobody: its signature does not fit'],
])('who signed: %j', (signature, words) => {
  expect(signerInWords(signature)).toBe(words);
});
