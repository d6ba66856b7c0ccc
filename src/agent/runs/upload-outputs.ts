import { extname, join } from 'node:path';
import { toAgentError } from '../../shared/errors.ts';
import { isRefusal } from '../logs/append-entry.ts';
import type { ActiveRun } from './active-run.ts';
import { listFiles } from './list-files.ts';
import type { RunServices } from './run-services.ts';
import type { SettlingSession } from './run-session.ts';
import { untilTaken } from './until-taken.ts';

const CONTENT_TYPES: Record<string, string> = {
  '.csv': 'text/csv',
  '.docx': 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  '.html': 'text/html',
  '.jpg': 'image/jpeg',
  '.json': 'application/json',
  '.pdf': 'application/pdf',
  '.png': 'image/png',
  '.txt': 'text/plain',
  '.xlsx': 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  '.xml': 'application/xml',
  '.zip': 'application/zip',
};

/**
 * Uploads what a run left in its output folder as documents of its process (setting uploadOutputs), and says in the
 * run log where each is. A file that the platform refuses is a warning; one that cannot be sent yet is waited for.
 */
export async function uploadOutputs(
  active: ActiveRun,
  services: RunServices,
  { folders, log }: Pick<SettlingSession, 'folders' | 'log'>,
): Promise<void> {
  const { processId } = active.run;
  if (processId === null) return;
  for (const { path } of await listFiles(folders.outDir)) {
    try {
      const { documentUri } = await untilTaken(
        active,
        services,
        () =>
          services.client.uploadDocument(processId, {
            name: path.replaceAll('/', '-'),
            contentType: CONTENT_TYPES[extname(path).toLowerCase()] ?? 'application/octet-stream',
            path: join(folders.outDir, path),
          }),
        (error) => isRefusal(toAgentError(error)),
      );
      log.agentLine('INFO', `Uploaded ${path}: ${documentUri} (kept 24 h by the platform unless linked)`);
    } catch (error) {
      if (services.closing.aborted) throw error;
      log.agentLine('WARN', `${path} could not be uploaded: ${toAgentError(error).message}`);
    }
  }
}
