import type { LogLevel } from '../../shared/run.ts';
import { cutText } from './pack-entries.ts';
import type { ShipperEnd, UploadedDocument } from './shipper-ports.ts';

export interface LastEntryFacts extends ShipperEnd {
  runId: string;
  hostName: string;
  lines: number;
  linesLeftOut: number;
  /** Null: nothing was left out. */
  document: UploadedDocument | null;
}

/**
 * What a task's reader finds at the end of its log: how the run ended, and where the whole log is. `[end <outcome>]`
 * is what other hosts look for.
 */
export function lastEntry(facts: LastEntryFacts): { level: LogLevel; fit: (bytes: number) => string } {
  const end = `\n[end ${facts.outcome}]`;
  const where = [countOf(facts), documentOf(facts.document), hostOf(facts)]
    .filter((part) => part !== '')
    .join(' ');
  const rest = `\n${where}${end}`;
  return {
    level: facts.outcome === 'succeeded' ? 'INFO' : facts.outcome === 'cancelled' ? 'WARN' : 'ERROR',
    // Only the summary gives way: it may quote a robot's long last words.
    fit: (bytes) => cutText(facts.summary, bytes - Buffer.byteLength(rest)) + rest,
  };
}

function countOf({ lines, linesLeftOut }: LastEntryFacts): string {
  const all = `${lines.toLocaleString('en')} ${lines === 1 ? 'line' : 'lines'}`;
  return linesLeftOut > 0 ? `${all}, ${linesLeftOut.toLocaleString('en')} of them left out here.` : `${all}.`;
}

function documentOf(document: UploadedDocument | null): string {
  if (document === null) return '';
  if (document.problem !== null) return `The whole log could not be uploaded: ${document.problem}`;
  if (document.documentUri === null) return '';
  const kept =
    document.link === null ? 'kept 24 h by the platform unless linked' : `linked at ${document.link}`;
  return `The whole log: ${document.documentUri} (${kept}).`;
}

function hostOf({ hostName, runId, keepUntil }: LastEntryFacts): string {
  const until = keepUntil === null ? '' : ` until ${keepUntil}`;
  return `On ${hostName}: kubot logs ${runId.slice(-8)}${until}.`;
}
