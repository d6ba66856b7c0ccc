import { describe, expect, test } from 'vitest';
import { rewritePth } from '../../../../src/agent/runtimes/embeddable-pth.ts';

/** As in python-3.11.4-embed-amd64.zip. */
const REAL = [
  'python311.zip',
  '.',
  '',
  '# Uncomment to run site.main() automatically',
  '#import site',
  '',
].join('\r\n');

describe('the ._pth of an embeddable Python', () => {
  test('gets our folder first, packages and site, and keeps its standard library', () => {
    expect(rewritePth(REAL, 'kubot-site')).toBe(
      'kubot-site\r\npython311.zip\r\n.\r\nLib\\site-packages\r\nimport site\r\n',
    );
  });

  test('is the same when it is rewritten again', () => {
    const once = rewritePth(REAL, 'kubot-site');
    expect(rewritePth(once, 'kubot-site')).toBe(once);
  });

  test('needs no zip, and takes any line ends', () => {
    expect(rewritePth('.\n', 'kubot-site')).toBe('kubot-site\r\n.\r\nLib\\site-packages\r\nimport site\r\n');
    expect(rewritePth(' Python39.ZIP \n.', 'ours')).toMatch(/^ours\r\nPython39\.ZIP\r\n\.\r\n/);
  });
});
