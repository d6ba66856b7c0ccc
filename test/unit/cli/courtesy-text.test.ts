import { expect, test } from 'vitest';
import { courtesyText } from '../../../src/cli/commands/courtesy.ts';
import { localTime } from '../../../src/cli/text.ts';
import type { Courtesy } from '../../../src/shared/courtesy.ts';
import { aCourtesy, aNext } from '../../helpers/a-courtesy.ts';

const NEXT = aNext();
const NOW = Date.parse(NEXT.until ?? '') - 23_400;

test.each<[Courtesy | null, string | null]>([
  [null, null],
  [aCourtesy({ next: null }), 'a person is here'],
  [aCourtesy(), 'a person is here, DESK begins in 24 s'],
  [
    aCourtesy({ locked: true, presenting: true, next: aNext({ waitsFor: 'unlock', until: null }) }),
    'a person is here, the screen is locked, presenting, DESK waits',
  ],
  [
    aCourtesy({ postponedUntil: NEXT.until, next: aNext({ waitsFor: 'postponement' }) }),
    `a person is here, desktop robots put off until ${localTime(NEXT.until)}, DESK waits`,
  ],
  [
    aCourtesy({ next: aNext({ waitsFor: 'return' }) }),
    'nobody, since a moment ago, DESK waits for them a moment longer',
  ],
])('status says of the person at the host, %j: %s', (courtesy, text) => {
  expect(courtesyText(courtesy, NOW)).toBe(text);
});
