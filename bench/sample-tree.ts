import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES_PER_FOLDER = 50;
const WORDS =
  'return const function import export await promise value error result object string number index options'.split(
    ' ',
  );

/** Writes so many files of about so many bytes, in folders of 50; the same ones each time, packing like source text. */
export function writeTree(dir: string, files: number, bytes: number): void {
  let seed = 1;
  const random = () => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed / 2 ** 31;
  };
  for (let at = 0; at < files; at++) {
    const folder = join(dir, `part-${Math.floor(at / FILES_PER_FOLDER)}`);
    if (at % FILES_PER_FOLDER === 0) mkdirSync(folder, { recursive: true });
    let text = '';
    const wanted = bytes * (0.5 + random());
    while (text.length < wanted) {
      const word = WORDS[Math.floor(random() * WORDS.length)];
      text += random() < 0.3 ? `${Math.floor(random() * 1e9).toString(36)}\n` : `${word} `;
    }
    writeFileSync(join(folder, `file-${at}.js`), text);
  }
}
