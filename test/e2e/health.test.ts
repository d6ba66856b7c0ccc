import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Lab, nodeRobot, startLab } from '../helpers/lab.ts';
import { type PageLab, screenshot, startPageLab } from './page.ts';

let lab: Lab;
let pages: PageLab;
beforeAll(async () => {
  lab = await startLab({
    robots: { HELLO: nodeRobot(`console.log('hello');`) },
    // More than any disk has: the one thing that is not well here on every machine.
    settings: { diskReserveBytes: 2 ** 50 },
    tasks: [],
  });
  pages = await startPageLab(lab);
});
afterAll(async () => {
  await pages?.close();
  await lab?.close();
});

test.each(['en', 'es'] as const)(
  'what is not well of the machine comes first, with what to do (%s)',
  async (language) => {
    const page = await pages.open({ language, theme: language === 'es' ? 'dark' : 'light' });
    await page.evaluate(() => location.assign('#/health'));
    const title = { en: 'Free disk', es: 'Disco libre' }[language];
    const row = page.getByRole('listitem').filter({ hasText: title });
    await row.getByText('kubot prune removes what old runs left').waitFor();
    expect(await row.getAttribute('data-check')).toBe('unsure');
    const states = await page
      .locator('section', { hasText: { en: 'This machine', es: 'Este equipo' }[language] })
      .first()
      .locator('li')
      .evaluateAll((items) => items.map((item) => item.getAttribute('data-check')));
    expect(states).toEqual(states.toSorted().toReversed());
    await page.getByText({ en: 'Python and Node.js', es: 'Python y Node.js' }[language]).waitFor();
    await screenshot(page, `health-machine-${language}`);
    await row.getByRole('button').click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe('kubot prune');
  },
);

test('what helps whoever helps is copied at once, problems with it', async () => {
  const page = await pages.open();
  await page.evaluate(() => location.assign('#/health'));
  await page.getByText('Free disk', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Copy for support' }).click();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain(`Node.js: ${process.versions.node}\n`);
  expect(copied).toMatch(/^Chrome: \d/m);
  expect(copied).toMatch(/^! Free disk: .* free; new runs need /m);
  expect(copied).not.toContain(lab.environment.KUBOT_CLIENT_SECRET ?? 'a secret');
});

test('the licences of what is shipped can be read and searched', async () => {
  const page = await pages.open();
  await page.evaluate(() => location.assign('#/health'));
  await page.getByRole('button', { name: 'Licences' }).click();
  const list = page.getByRole('list', { name: 'Licences' });
  await page.getByRole('searchbox').fill('react-dom');
  await list.getByText('react-dom').click();
  await list.getByText('Permission is hereby granted').first().waitFor();
  await screenshot(page, 'licences');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
});

test('a look is made again when asked for', async () => {
  const page = await pages.open();
  await page.evaluate(() => location.assign('#/health'));
  await page.getByText('Free disk', { exact: true }).waitFor();
  const asked = page.waitForResponse((response) => response.url().includes('doctor'));
  await page.getByRole('button', { name: 'Look again' }).click();
  expect((await asked).status()).toBe(200);
  expect(pages.complaints).toEqual([]);
});
