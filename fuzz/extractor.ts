import { extractPackage } from '../src/agent/packages/extract-package.ts';
import { extractRuntime } from '../src/agent/runtimes/extract-runtime.ts';
import { isAgentError } from '../src/shared/errors.ts';
import { LIMITS, type Outcome } from './arena.ts';

// The process that unpacks: what it dies of, or hangs in, is a finding.

export interface ExtractJob {
  kind: 'package' | 'runtime';
  archivePath: string;
  targetDir: string;
}

process.on('message', async (job: ExtractJob) => {
  process.send?.(await outcomeOf(job));
});

async function outcomeOf({ kind, archivePath, targetDir }: ExtractJob): Promise<Outcome> {
  const { signal } = new AbortController();
  try {
    if (kind === 'package') {
      const refusal = { code: 'PACKAGE_REFUSED', what: 'The package' } as const;
      await extractPackage({ archivePath, targetDir, limits: LIMITS, symlinks: 'refuse', refusal, signal });
    } else {
      await extractRuntime({ archivePath, targetDir, what: 'Python 3.11', limits: LIMITS, signal });
    }
    return { kind: 'unpacked' };
  } catch (error) {
    if (isAgentError(error)) return { kind: 'refused', code: error.code };
    return { kind: 'broken', error: error instanceof Error ? String(error.stack) : String(error) };
  }
}
