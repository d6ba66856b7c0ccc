import { findInterpreter, isComplete } from './interpreters.ts';
import type { ToolEnvironment } from './npm-registry.ts';

/** A runtime of this host that assets can be packed from. */
export interface HostRuntime {
  readonly version: string;
  readonly path: string;
}

/**
 * The Python that a person's shell would find here, as long as a runtime with pip can be packed from it; else
 * the next best of this host. Null: none, and always on Windows and macOS.
 */
export async function findHostPython(environment: ToolEnvironment): Promise<HostRuntime | null> {
  const found = await findInterpreter(environment, isComplete);
  return found === null ? null : { version: found.version, path: found.path };
}
