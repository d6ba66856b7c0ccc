// Draws assets/package/icon.{png,ico,icns} from the mark of the window. Run by hand when the mark changes:
// `npm exec -- node scripts/draw-app-icons.ts`.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const ROOT = join(import.meta.dirname, '..');
const ICO_SIZES = [256, 128, 64, 48, 32, 16];
/** Apple's four letters for each size. */
const ICNS_TYPES = { icp4: 16, icp5: 32, icp6: 64, ic07: 128, ic08: 256, ic09: 512, ic10: 1024 } as const;

const svg = readFileSync(join(ROOT, 'src/renderer/public/icon.svg'), 'utf8');
const drawn = new Map<number, Buffer>();
const browser = await chromium.launch({
  executablePath: process.env.KUBOT_TEST_CHROMIUM || '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
for (const size of new Set([...ICO_SIZES, ...Object.values(ICNS_TYPES)])) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(
    `<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`,
  );
  drawn.set(size, await page.screenshot({ omitBackground: true }));
  await page.close();
}
await browser.close();
save('icon.png', of(512));
save('icon.ico', ico());
save('icon.icns', icns());

function of(size: number): Buffer {
  return drawn.get(size) ?? Buffer.alloc(0);
}

function save(name: string, bytes: Buffer): void {
  writeFileSync(join(ROOT, 'assets/package', name), bytes);
}

/** A directory of pictures, each a PNG. */
function ico(): Buffer {
  const head = Buffer.alloc(6 + 16 * ICO_SIZES.length);
  head.writeUInt16LE(1, 2);
  head.writeUInt16LE(ICO_SIZES.length, 4);
  let offset = head.length;
  for (const [index, size] of ICO_SIZES.entries()) {
    const at = 6 + 16 * index;
    // A byte; 0 stands for 256.
    head.writeUInt8(size % 256, at);
    head.writeUInt8(size % 256, at + 1);
    head.writeUInt16LE(1, at + 4);
    head.writeUInt16LE(32, at + 6);
    head.writeUInt32LE(of(size).length, at + 8);
    head.writeUInt32LE(offset, at + 12);
    offset += of(size).length;
  }
  return Buffer.concat([head, ...ICO_SIZES.map(of)]);
}

function icns(): Buffer {
  const parts = Object.entries(ICNS_TYPES).map(([type, size]) => chunk(type, of(size)));
  return chunk('icns', Buffer.concat(parts));
}

function chunk(type: string, bytes: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.write(type, 'latin1');
  head.writeUInt32BE(bytes.length + head.length, 4);
  return Buffer.concat([head, bytes]);
}
