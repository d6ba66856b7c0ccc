import { courtesy } from './en/courtesy.ts';
import { frame } from './en/frame.ts';
import { health } from './en/health.ts';
import { hints } from './en/hints.ts';
import { now } from './en/now.ts';
import { robots } from './en/robots.ts';
import { runs } from './en/runs.ts';
import { settings } from './en/settings.ts';
import { shell } from './en/shell.ts';
import { signInPage } from './en/sign-in-page.ts';

/** Every word the window shows, in English. Other languages have the same shape. */
export const en = {
  ...frame,
  ...now,
  ...runs,
  ...robots,
  ...settings,
  ...health,
  ...hints,
  ...shell,
  ...courtesy,
  ...signInPage,
};

export type Words = typeof en;
