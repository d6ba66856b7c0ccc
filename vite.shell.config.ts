import { builtinModules } from 'node:module';
import { defineConfig } from 'vite';

/**
 * The desktop shell, a bundle for each mode, `main` and `preload`: a sandboxed preload script cannot load a second file.
 * CommonJS for the Node of old Electrons too, so that the one bundle runs on 22 (tests) and 45.
 */
export default defineConfig(({ mode }) => ({
  ssr: { noExternal: true },
  build: {
    ssr: true,
    target: 'node16.17',
    outDir: 'out/shell',
    emptyOutDir: mode === 'main',
    minify: false,
    sourcemap: true,
    rolldownOptions: {
      input: { [mode]: `src/${mode}/${mode}.ts` },
      external: ['electron', ...builtinModules, /^node:/],
      output: { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
    },
  },
}));
