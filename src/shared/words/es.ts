import type { Words } from './en.ts';
import { courtesy } from './es/courtesy.ts';
import { frame } from './es/frame.ts';
import { health } from './es/health.ts';
import { hints } from './es/hints.ts';
import { now } from './es/now.ts';
import { robots } from './es/robots.ts';
import { runs } from './es/runs.ts';
import { settings } from './es/settings.ts';
import { shell } from './es/shell.ts';
import { signInPage } from './es/sign-in-page.ts';

export const es: Words = {
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
