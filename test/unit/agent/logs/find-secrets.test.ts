import { describe, expect, test } from 'vitest';
import { findSecrets } from '../../../../src/agent/logs/find-secrets.ts';
import { isSecretName } from '../../../../src/agent/logs/secret-names.ts';

describe('a name', () => {
  test.each(
    `PASSWORD DB_PASSWORD dbPassword DB_PASS FTP_PWD API_KEY apiKey APIKEY AWS_SECRET_ACCESS_KEY SECRET
    CLIENT_SECRET SECRET_KEY_BASE TOKEN GITHUB_TOKEN TOKEN_2 PASSWORD1 JWT_SECRETS GOOGLE_CREDENTIALS CREDENTIAL
    AZURE_CONNECTION_STRING SqlConnectionString SENTRY_DSN BASIC_AUTH SESSION_COOKIE private-key auth.token`.split(
      /\s+/,
    ),
  )('%s looks secret', (name) => {
    expect(isSecretName(name)).toBe(true);
  });

  test.each('VAT_RATE TOKENS_USED KEYBOARD PASSAGE MONKEY AUTHOR KEY_COUNT SECRETARY TURKEY_RATE'.split(' '))(
    '%s does not',
    (name) => {
      expect(isSecretName(name)).toBe(false);
    },
  );
});

describe('the secrets among variables', () => {
  test('are the values whose names look secret or are named by the settings', () => {
    const variables = { DB_PASSWORD: 'hunter2', VAT_RATE: '21.000', MAILBOX: 'box-4711' };
    expect(findSecrets(variables, ['MAILBOX', 'NOT_THERE'])).toEqual({
      values: ['hunter2', 'box-4711'],
      tooShort: [],
    });
  });

  test('that are too short are told by the name alone, an empty one not at all', () => {
    expect(findSecrets({ PIN_KEY: '12345', EMPTY_TOKEN: '', ÑU_TOKEN: 'ñññ' })).toEqual({
      values: ['ñññ'],
      tooShort: ['PIN_KEY'],
    });
  });

  test.each([
    ['postgres://robot:p%40ssw0rd@db/sales', ['p%40ssw0rd', 'p@ssw0rd']],
    ['https://ghp_0123456789abcdef@github.com/x', ['ghp_0123456789abcdef']],
    ['https://someone@example.com', []],
    ['Server=db;User Id=sa;Password=Tr0ub4dor;Encrypt=yes', ['Tr0ub4dor']],
    ['AccountName=acme;AccountKey=abcd+/==;', ['abcd+/==']],
    ["host=db user=robot password='with blank'", ['with blank']],
    [
      '{"user":"robot","auth":{"privateKey":"line1\\nline2"},"tokens":["tok-1234"]}',
      ['line1\nline2', 'tok-1234'],
    ],
    ['{"not json', []],
    ['a=b', []],
  ])('are also the passwords inside of %s, whatever its name', (value, values) => {
    expect(findSecrets({ DATABASE: value }).values).toEqual(values);
  });
});
