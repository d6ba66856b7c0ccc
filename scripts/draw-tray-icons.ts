// Draws assets/tray: the mark with a badge whose shape tells the state, for light and dark bars and as macOS templates,
// at 1× and 2×. Run by hand when the drawing changes: `npm exec -- node scripts/draw-tray-icons.ts`.
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const DIR = join(import.meta.dirname, '../assets/tray');
const MARK = '<path d="M4 3v16M4 12 13 3M7.5 9 14 19" stroke-width="2.6"/>';
const BADGES = {
  idle: '',
  running: '<path d="M14.5 12.5v8l6.5-4z" fill="C" stroke-width="1"/>',
  paused: '<path d="M15.5 13v7M19.5 13v7" stroke-width="2.2"/>',
  attention: '<path d="M18 12v4.5M18 19.9v.1" stroke-width="2.6"/>',
  offline: '<path d="M13 20.5 21 12.5" stroke-width="2.4"/>',
  'set-up': '<path d="M17.5 13v7M14 16.5h7" stroke-width="2.2"/>',
} as const;
/** What is behind a badge is left out, so that its shape is seen. */
const HOLE = '<circle cx="17.6" cy="16.5" r="6" fill="#000"/>';
const COLOURS = { light: '#1a1e25', dark: '#ffffff', Template: '#000000' } as const;

const browser = await chromium.launch({
  executablePath: process.env.KUBOT_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
for (const [state, badge] of Object.entries(BADGES)) {
  for (const [name, colour] of Object.entries(COLOURS)) {
    for (const scale of [1, 2]) {
      const size = name === 'Template' ? 16 : 22;
      const page = await browser.newPage({
        viewport: { width: size, height: size },
        deviceScaleFactor: scale,
      });
      const mask =
        badge === '' ? '' : `<mask id="m"><rect width="22" height="22" fill="#fff"/>${HOLE}</mask>`;
      const masked = badge === '' ? MARK : `<g mask="url(#m)">${MARK}</g>`;
      await page.setContent(
        `<style>body{margin:0}</style><svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 22 22" fill="none" stroke="${colour}" stroke-linecap="round" stroke-linejoin="round" style="display:block">${mask}${masked}${badge.replaceAll('"C"', `"${colour}"`)}</svg>`,
      );
      const file = `${state}${name === 'Template' ? 'Template' : `-${name}`}${scale === 2 ? '@2x' : ''}.png`;
      await page.screenshot({ path: join(DIR, file), omitBackground: true });
      await page.close();
    }
  }
}
await browser.close();
