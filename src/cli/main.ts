import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// First of all: 160 files of TypeScript compile in 0.9 s, and load from the cache in 0.2 s.
enableCompileCache(join(import.meta.dirname, '../../node_modules/.cache/kubot-compile'));

const { runCommandLine } = await import('./command-line.ts');
process.exitCode = await runCommandLine(process.argv.slice(2));

/** What a command left open may not keep the program from ending; its output is written by then. */
setTimeout(() => process.exit(), 2000).unref();
