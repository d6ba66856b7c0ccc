import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startSignIn } from '../../../src/main/browser-sign-in.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubot-sign-in-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs a program that takes the place of kubot's. */
function start(source: string, { nodePath = process.execPath, signal = new AbortController().signal } = {}) {
  const cliPath = join(dir, 'kubot.mjs');
  writeFileSync(cliPath, source);
  return startSignIn({ nodePath, cliPath, home: dir }, process.env, { language: 'es', signal });
}

const WAITING = `console.log(JSON.stringify({ event: 'waiting', url: process.argv.slice(2, 6).join(' '), opened: true }));`;

test('the program is told the language, and tells where to sign in, and who did', async () => {
  const { place, signedIn } = await start(`
    ${WAITING}
    console.log('no JSON at all');
    console.log(JSON.stringify({ event: 'signed-in', account: 'ada@example.com', endpoint: 'e', agentTold: true }));`);
  expect(place).toEqual({ url: 'sign-in --json --language es', opened: true });
  expect(await signedIn).toMatchObject({ account: 'ada@example.com' });
});

test('an error that it ends with is told as it is', async () => {
  const error = {
    code: 'SIGN_IN_REFUSED',
    message: 'No.',
    hint: 'Allow it.',
    retryable: false,
    details: null,
  };
  const { signedIn } = await start(`${WAITING} console.log(JSON.stringify(${JSON.stringify({ error })}));`);
  await expect(signedIn).rejects.toMatchObject({
    code: 'SIGN_IN_REFUSED',
    message: 'No.',
    hint: 'Allow it.',
  });
});

test('one that dies is told of by its last words', async () => {
  await expect(start(`console.error('kubot: out of memory'); process.exit(1);`)).rejects.toMatchObject({
    code: 'UNEXPECTED',
    message: 'out of memory',
  });
  const { signedIn } = await start(`${WAITING} process.exitCode = 1;`);
  await expect(signedIn).rejects.toMatchObject({
    message: 'The program kubot ended before anybody had signed in.',
  });
});

test('one that cannot be started is named', async () => {
  const nodePath = join(dir, 'no node');
  await expect(start('', { nodePath })).rejects.toMatchObject({
    message: `The program ${nodePath} could not be started.`,
  });
});

test('who gives up ends the program', async () => {
  const leaving = new AbortController();
  const { signedIn } = await start(`${WAITING} setInterval(() => {}, 1000);`, { signal: leaving.signal });
  leaving.abort();
  await expect(signedIn).rejects.toMatchObject({ code: 'INTERRUPTED' });
});
