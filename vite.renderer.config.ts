import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';
import { listLicences } from './scripts/list-licences.ts';

/** The window and the browser page: one renderer, for Chromium 108 and later. */
export default defineConfig({
  root: 'src/renderer',
  base: './',
  plugins: [react(), licences()],
  build: {
    target: 'chrome108',
    outDir: '../../out/renderer',
    emptyOutDir: true,
    // The policy of the page forbids data: scripts, and small files as text make no page faster here.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // It comes from this machine's disk: what is warned of is meant for web sites.
    chunkSizeWarningLimit: 2000,
  },
});

/** What the view of licences loads when it is opened: made from the packages that are shipped. */
function licences(): Plugin {
  const id = 'virtual:licences';
  return {
    name: 'licences',
    resolveId: (asked) => (asked === id ? `\0${id}` : null),
    load: (asked) => (asked === `\0${id}` ? `export default ${JSON.stringify(listLicences())}` : null),
  };
}
