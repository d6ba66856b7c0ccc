import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { AgentError } from '../../shared/errors.ts';
import type { HomePaths } from './home-paths.ts';
import { writeAtomically } from './write-atomically.ts';

const InstallationSchema = z.object({ installationId: z.uuid() });

/**
 * The id of the agent on this machine, made once. Only who holds the home's lock may call this.
 * @throws AgentError HOME_UNUSABLE when the file is damaged: a new id would make this host another worker
 */
export function ensureInstallationId(paths: HomePaths): string {
  let text: string;
  try {
    text = readFileSync(paths.installation, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw damaged(paths, error);
    const installationId = randomUUID();
    writeAtomically(paths.installation, `${JSON.stringify({ installationId })}\n`);
    return installationId;
  }
  try {
    return InstallationSchema.parse(JSON.parse(text)).installationId;
  } catch (error) {
    throw damaged(paths, error);
  }
}

function damaged(paths: HomePaths, cause: unknown): AgentError {
  return new AgentError(
    'HOME_UNUSABLE',
    `The file ${paths.installation} does not tell this installation's id.`,
    {
      cause,
      hint: 'Restore the file, or delete it to become a new installation.',
    },
  );
}
