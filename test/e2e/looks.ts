import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';

/** How each view looked when somebody last looked at it and found it good. */
const KEPT = resolve(import.meta.dirname, '__screenshots__');
const NOW = resolve(import.meta.dirname, '../../out/screenshots');
/** Ids, times and fonts of other machines move letters, not blocks: pictures are compared as this many cells. */
const CELLS = { across: 96, down: 64 };
/** Of a cell's mean brightness, 0 to 255: what a few letters more do not reach. */
const FAR = 28;
/** So much of a picture may be another. */
const TOLERANCE = 0.04;

/**
 * Compares a view with the picture that is kept of it, and keeps one where there is none yet or KUBOT_KEEP_LOOKS is set.
 * @returns what is another; null: nothing is
 */
export async function looksOtherThanKept(page: Page, name: string): Promise<string | null> {
  const picture = await page.screenshot({ path: join(NOW, `${name}.png`) });
  const keptPath = join(KEPT, `${name}.png`);
  if (process.env.KUBOT_KEEP_LOOKS) {
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(keptPath, picture);
    return null;
  }
  if (!existsSync(keptPath)) return `${name}: no picture of it is kept; look at it, then KUBOT_KEEP_LOOKS=1`;
  const share = await differingShare(page, readFileSync(keptPath), picture);
  return share <= TOLERANCE
    ? null
    : `${name}: ${(share * 100).toFixed(1)} % of it look other than __screenshots__/${name}.png; look at out/screenshots/${name}.png, then KUBOT_KEEP_LOOKS=1`;
}

/** 0 to 1: of the cells of two pictures, those that are far apart. */
async function differingShare(page: Page, kept: Buffer, now: Buffer): Promise<number> {
  return await page.evaluate(
    async ([a, b, { across, down }, far]) => {
      const cellsOf = async (base64: string) => {
        const image = new Image();
        image.src = `data:image/png;base64,${base64}`;
        await image.decode();
        const canvas = document.createElement('canvas');
        canvas.width = across;
        canvas.height = down;
        const context = canvas.getContext('2d');
        if (context === null) throw new Error('This browser draws nothing');
        context.imageSmoothingQuality = 'high';
        context.drawImage(image, 0, 0, across, down);
        const { data } = context.getImageData(0, 0, across, down);
        return Array.from({ length: across * down }, (_none, cell) => data.subarray(cell * 4, cell * 4 + 3));
      };
      const [before, after] = await Promise.all([cellsOf(a), cellsOf(b)]);
      const differing = before.filter((cell, index) =>
        cell.some((value, channel) => Math.abs(value - (after[index]?.[channel] ?? 0)) > far),
      );
      return differing.length / before.length;
    },
    [kept.toString('base64'), now.toString('base64'), CELLS, FAR] as const,
  );
}
