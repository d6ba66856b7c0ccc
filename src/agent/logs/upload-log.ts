import { rm } from 'node:fs/promises';
import { toAgentError } from '../../shared/errors.ts';
import { isDiskFullError } from '../home/disk-space.ts';
import { type EntryAppender, isRefusal } from './append-entry.ts';
import { writeLogDocument } from './log-document.ts';
import type { ShipperOptions, UploadedDocument } from './shipper-ports.ts';

type UploadOptions = Pick<
  ShipperOptions,
  'processId' | 'runId' | 'runLogPath' | 'documentMaxBytes' | 'linkDocument'
> & {
  api: Pick<ShipperOptions['api'], 'uploadDocument'>;
};

/**
 * Uploads the whole run log, compressed; again while the platform is away. A second upload after a lost answer is
 * harmless: what nothing links to is deleted after a day.
 * @throws AgentError INTERRUPTED when the shipper's signal aborts a wait
 */
export async function uploadLog(
  options: UploadOptions,
  appender: Pick<EntryAppender, 'wait'>,
): Promise<UploadedDocument> {
  const { processId, runLogPath } = options;
  if (processId === null) return { documentUri: null, problem: null, link: null };
  const path = `${runLogPath}.gz`;
  try {
    return await upload(options, appender, processId, path);
  } finally {
    await rm(path, { force: true });
  }
}

async function upload(
  options: UploadOptions,
  appender: Pick<EntryAppender, 'wait'>,
  processId: string,
  path: string,
): Promise<UploadedDocument> {
  const { runLogPath, runId, api } = options;
  for (let failures = 0; ; failures++) {
    try {
      await writeLogDocument({ runLogPath, path, maxBytes: options.documentMaxBytes });
      const name = `run-${runId}.log.gz`;
      const { documentUri } = await api.uploadDocument(processId, {
        name,
        contentType: 'application/gzip',
        path,
      });
      const link = (await options.linkDocument?.(documentUri)) ?? null;
      return { documentUri, problem: null, link };
    } catch (thrown) {
      // Somebody waits for the task's end, and a disk is not freed by waiting.
      if (isDiskFullError(thrown))
        return { documentUri: null, problem: 'The disk of the host is full.', link: null };
      const error = toAgentError(thrown);
      if (isRefusal(error)) return { documentUri: null, problem: error.message, link: null };
      await appender.wait('upload the log document', error, failures);
    }
  }
}
