import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The window and the browser page: one renderer, for Chromium 108 and later. */
export default defineConfig({
  root: 'src/renderer',
  base: './',
  plugins: [react()],
  build: {
    target: 'chrome108',
    outDir: '../../out/renderer',
    emptyOutDir: true,
    // The policy of the page forbids data: scripts, and small files as text make no page faster here.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
