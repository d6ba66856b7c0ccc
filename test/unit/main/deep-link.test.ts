import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { findLink, hashOfLink, hearLinks } from '../../../src/main/deep-link.ts';

describe('a link', () => {
  test.each([
    ['kubot-runner://runs/0199-ab', '#/runs/0199-ab'],
    ['kubot-runner://robots/INVOICES', '#/robots/INVOICES'],
    ['kubot-runner://settings', '#/settings'],
    ['kubot-runner://health/', '#/health'],
    ['kubot-runner://settings/x', null],
    ['kubot-runner://nowhere', null],
    ['kubot-runner://runs/a b', null],
    ['kubot-runner://robots/A?operation=B', '#/robots/A'],
    ['https://example.com/runs/1', null],
    ['not a link', null],
  ])('%s leads to %s', (link, hash) => {
    expect(hashOfLink(link)).toBe(hash);
  });

  test('is found among arguments', () => {
    expect(findLink(['--hidden', 'kubot-runner://now'])).toBe('kubot-runner://now');
    expect(findLink(['/app', '--flag=kubot-runner'])).toBe(null);
  });

  test('that macOS hands over before the app can follow it is followed then, and later ones at once', () => {
    const app = new EventEmitter();
    let isPrevented = false;
    const open = (url: string) => app.emit('open-url', { preventDefault: () => (isPrevented = true) }, url);
    const followLinks = hearLinks(app);
    open('kubot-runner://runs/1');
    const followed: string[] = [];
    followLinks((link) => followed.push(link));
    expect(followed).toEqual(['kubot-runner://runs/1']);
    expect(isPrevented).toBe(true);
    open('kubot-runner://runs/2');
    expect(followed).toEqual(['kubot-runner://runs/1', 'kubot-runner://runs/2']);
  });
});
