import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { compileConfig, loadConfig } from '../../../../src/agent/config/compile-config.ts';
import { createConfigHandlers } from '../../../../src/agent/config/config-handlers.ts';
import { readSettingsFile, writeSetting } from '../../../../src/agent/config/settings-file.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'kubot settings é-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('settings.json', () => {
  test('gets settings by key and by dotted key, and keeps the others', async () => {
    await writeSetting(home, 'pollMinMs', 3000);
    await writeSetting(home, 'robots.INVOICES.desktop', true);
    await writeSetting(home, 'robots.with.dots.takeOver', false);
    expect(readSettingsFile(home)).toEqual({
      pollMinMs: 3000,
      robots: { INVOICES: { desktop: true }, 'with.dots': { takeOver: false } },
    });
    await writeSetting(home, 'pollMinMs', undefined);
    expect(readSettingsFile(home)).not.toHaveProperty('pollMinMs');
  });

  test.skipIf(process.platform === 'win32')(
    'is for its owner alone and leaves nothing beside it',
    async () => {
      await writeSetting(home, 'pollMinMs', 3000);
      expect(statSync(join(home, 'settings.json')).mode & 0o777).toBe(0o600);
      expect(readdirSync(home)).toEqual(['settings.json']);
    },
  );

  test('takes no value that the table refuses, and stays as it was', async () => {
    await writeSetting(home, 'pollMinMs', 3000);
    await expect(writeSetting(home, 'pollMinMs', 'soon')).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await expect(writeSetting(home, 'pollMinM', 1)).rejects.toMatchObject({
      code: 'SETTING_NOT_FOUND',
      message: expect.stringContaining('Did you mean pollMinMs?'),
    });
    await expect(writeSetting(home, 'robots.A.color', 1)).rejects.toMatchObject({
      code: 'SETTING_NOT_FOUND',
    });
    expect(JSON.parse(readFileSync(join(home, 'settings.json'), 'utf8'))).toEqual({ pollMinMs: 3000 });
  });

  test('that is not JSON is named, and not overwritten', async () => {
    writeFileSync(join(home, 'settings.json'), '{ "pollMinMs": ');
    expect(() => readSettingsFile(home)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('not JSON') }),
    );
    await expect(writeSetting(home, 'pollMinMs', 3000)).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    expect(readFileSync(join(home, 'settings.json'), 'utf8')).toBe('{ "pollMinMs": ');
  });

  test('is empty where there is none', () => {
    expect(readSettingsFile(home)).toEqual({});
  });
});

describe('the settings of the control API', () => {
  test('writes at once lose nothing, and what is read is what is written', async () => {
    const config = compileConfig({ flags: {}, environment: {}, settingsFile: {}, home, cwd: home });
    const handlers = createConfigHandlers(config);
    await Promise.all([
      handlers.configSet({ key: 'pollMinMs', value: 3000 }),
      handlers.configSet({ key: 'pollMaxMs', value: 4000 }),
      handlers.configSet({ key: 'logLevel', value: 'debug' }),
    ]);
    expect(readSettingsFile(home)).toEqual({ pollMinMs: 3000, pollMaxMs: 4000, logLevel: 'debug' });
    expect(await handlers.configGet({ key: 'pollMaxMs' })).toEqual({
      key: 'pollMaxMs',
      value: 4000,
      source: 'file',
    });
    expect(config.settings.pollMaxMs).toBe(15_000);
  });

  test('an explained value that a variable overrides says so', async () => {
    const environment = { KUBOT_POLL_MIN_MS: '9s' };
    const handlers = createConfigHandlers(loadConfig({ flags: {}, environment, home, cwd: home }));
    expect(await handlers.configSet({ key: 'pollMinMs', value: 3000 })).toEqual({
      key: 'pollMinMs',
      value: 9000,
      source: 'environment',
    });
  });
});
