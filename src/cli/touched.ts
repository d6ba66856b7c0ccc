import { bytes } from '../shared/byte-text.ts';
import { assertNever } from '../shared/errors.ts';
import { MOST_FILES, type RunDetails } from '../shared/run.ts';
import type { SignatureView } from '../shared/signature.ts';
import { count, duration, localTime } from './text.ts';

/** Most hosts and programs that stand in a line; `--json` has all of them. */
const MOST_NAMED = 12;

/** What the robot touched of the machine and the platform, a line each; what is not known is said to be so. */
export function touchedInWords({ touched }: RunDetails): string[] {
  const { filesLeft, hosts, programs, peakMemoryBytes, cpuTimeMs } = touched;
  const lines: [string, string][] = [
    ['KuFlow API', apiInWords(touched.api)],
    ['Hosts', hosts === null ? `${UNKNOWN}: the network was not an allow-list` : hostsInWords(hosts)],
    ['Files left', filesLeft === null ? `${UNKNOWN}: its folders were removed` : filesInWords(filesLeft)],
    ['Programs', programs === null ? UNKNOWN : named(programs.map(programInWords))],
    ['Memory', peakMemoryBytes === null ? UNKNOWN : `at least ${bytes(peakMemoryBytes)} at its peak`],
    ['CPU time', cpuTimeMs === null ? UNKNOWN : `at least ${duration(cpuTimeMs)}`],
  ];
  return lines.map(([title, text]) => `${title.padEnd(10)} ${text}`);
}

const UNKNOWN = 'not known';

/** One call: when, how it was judged and answered, and why it was refused. */
export function callInWords(call: RunDetails['apiCalls'][number]): string {
  const { at, verdict, status, method, path, times, reason } = call;
  const verdictInWords = verdict === 'refused' ? 'refused' : 'allowed';
  const often = times === 1 ? '' : ` ×${times}`;
  const because = reason === null ? '' : ` (${reason})`;
  return `${localTime(at)}  ${verdictInWords}  ${status ?? '–'}  ${method} ${path}${often}${because}`;
}

export function signerInWords({ state, key, publisher }: SignatureView): string {
  switch (state) {
    case 'trusted':
      return publisher === null ? `${key}, trusted since it was first seen here` : `${publisher} (${key})`;
    case 'untrusted':
      return `${key}, which is not trusted here`;
    case 'unsigned':
      return 'nobody';
    case 'broken':
      return 'nobody: its signature does not fit';
    default:
      return assertNever(state);
  }
}

function apiInWords({ calls, refused, bytesUp, bytesDown }: RunDetails['touched']['api']): string {
  if (calls === 0) return 'no calls';
  const moved =
    bytesUp === null || bytesDown === null ? '' : `; ${bytes(bytesUp)} sent, ${bytes(bytesDown)} received`;
  return `${count(calls, 'call')}, ${refused} refused${moved}`;
}

function filesInWords({ out, home }: NonNullable<RunDetails['touched']['filesLeft']>): string {
  const told = (number: number) => (number < MOST_FILES ? String(number) : `${MOST_FILES} or more`);
  return `${told(out)} in its output folder, ${told(home)} in a home of its own`;
}

function hostsInWords(hosts: NonNullable<RunDetails['touched']['hosts']>): string {
  if (hosts.length === 0) return 'none';
  return named(
    hosts.map(({ host, port, verdict }) => `${host}:${port}${verdict === 'refused' ? ' (refused)' : ''}`),
  );
}

function programInWords({ name, count: processes }: { name: string; count: number }): string {
  return processes === 1 ? name : `${name} ×${processes}`;
}

function named(names: readonly string[]): string {
  const more = names.length - MOST_NAMED;
  return `${names.slice(0, MOST_NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
