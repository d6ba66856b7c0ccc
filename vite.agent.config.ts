import { builtinModules } from 'node:module';
import { defineConfig } from 'vite';

// Some bundled CommonJS libraries still ask for require and __dirname.
const banner = [
  "import { createRequire as __cr } from 'node:module';",
  "import { fileURLToPath as __fu } from 'node:url';",
  "import { dirname as __dn } from 'node:path';",
  'const require = __cr(import.meta.url); const __filename = __fu(import.meta.url); const __dirname = __dn(__filename);',
].join('\n');

/** Native modules, which stay beside the bundle. */
const NATIVE = ['koffi', '@napi-rs/keyring'];

/** The agent, the CLI and the platform as plain Node 24 ESM with every library bundled. */
export default defineConfig({
  ssr: { noExternal: true, external: NATIVE },
  build: {
    ssr: true,
    target: 'node24',
    outDir: 'out/agent',
    emptyOutDir: true,
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: {
        cli: 'src/cli/main.ts',
        // The agent runs it in a short child process (src/agent/gateway/certificate-authority.ts).
        'issue-certificates': 'src/agent/gateway/issue-certificates.ts',
        // It runs inside a sandbox, which shows this one file of ours (src/agent/sandbox/linux/enter.ts).
        'enter-sandbox': 'src/agent/sandbox/linux/enter-sandbox.mts',
        // Nodes of their own that src/agent/process/own-script.ts finds.
        'watch-agent': 'src/agent/process/watch-agent.mts',
        'wait-in-job': 'src/agent/process/wait-in-job.mts',
      },
      external: [...builtinModules, /^node:/, ...NATIVE],
      output: {
        format: 'es',
        entryFileNames: '[name].mjs',
        chunkFileNames: 'chunks/[name]-[hash].mjs',
        banner,
      },
    },
  },
});
