import { basename } from 'node:path';
import type { Random } from '../chaos/random.ts';

/** What an entry that got out would be called: looked for where it could lie. */
export const ESCAPE = 'kubot-fuzz-escape';

const WORDS = [
  'a',
  'b',
  'lib',
  'main.py',
  'kubot.yaml',
  'ñandú',
  'Data',
  'data',
  'x.txt',
  '__proto__',
  'ﬁle',
  'file',
];

/** Parts that some system takes for something else. */
const NASTY_PARTS = [
  ...[
    '..',
    '.',
    '',
    ' ',
    '...',
    '.. ',
    '..\\',
    '\\',
    'a\\b',
    'C:',
    'a:b',
    'con',
    'NUL.txt',
    'lpt1 .x',
    'aux',
  ],
  ...[
    'a.',
    'a ',
    'a\0b',
    'a\nb',
    '\u202e',
    'a\u0301',
    'á',
    '\ud800',
    '*',
    '?',
    '"',
    '|',
    '~',
    '-rf',
    '%2e%2e',
  ],
  ...[
    '．．',
    '‥',
    '／',
    'ẞ',
    'ß',
    'SS',
    'İ',
    'i\u0307',
    '\u200d',
    'K',
    '\uff0e\uff0e',
    '.git',
    'x'.repeat(300),
  ],
];

/** A path of ordinary parts. */
export function plainPath(random: Random): string {
  return Array.from({ length: random.integer(1, 3) }, () => random.one(WORDS)).join('/');
}

/** A path that leads out, or that is none. @param arenaDir the watched folder, for absolute ones */
export function nastyPath(random: Random, arenaDir: string): string {
  const up = '../'.repeat(random.integer(1, 6));
  const depth = random.one([33, 40, 400]);
  const part = () => random.one(NASTY_PARTS);
  return random.one([
    `${up}${ESCAPE}`,
    `a/${up}${ESCAPE}`,
    `./${up}${ESCAPE}`,
    `${up}${basename(arenaDir)}/${ESCAPE}`,
    `${arenaDir}/${ESCAPE}`,
    `/${arenaDir}/${ESCAPE}`,
    `..\\..\\${ESCAPE}`,
    `store/../../${ESCAPE}`,
    part(),
    `${part()}/${random.one(WORDS)}`,
    `${random.one(WORDS)}/${part()}`,
    `${random.one(WORDS)}/${part()}/${part()}`,
    `${plainPath(random)}/`,
    'd/'.repeat(depth),
    'e'.repeat(random.one([239, 240, 241, 255, 256, 4097, 65_000])),
  ]);
}

/** Mostly ordinary: an archive that is refused at its first name shows nothing of what comes behind. */
export function anyPath(random: Random, arenaDir: string): string {
  return random.chance(0.93) ? plainPath(random) : nastyPath(random, arenaDir);
}
