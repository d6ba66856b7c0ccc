import { describe, expect, test } from 'vitest';
import { CONTROL_API, ErrorDocumentSchema, takesNoInput } from '../../../src/shared/control-api.ts';
import { AgentError, ERRORS, type ErrorCode } from '../../../src/shared/errors.ts';

describe('the declaration of the control API', () => {
  test('knows which methods take no input', () => {
    const methods = Object.keys(CONTROL_API) as (keyof typeof CONTROL_API)[];
    expect(methods.filter(takesNoInput)).toEqual([
      'whoAmI',
      'status',
      'robots',
      'waiting',
      'orphans',
      'resume',
      'drain',
      'suspend',
      'reconnect',
      'doctor',
      'diskUse',
      'configExplain',
      'events',
    ]);
  });

  test('refuses input that it does not name', () => {
    expect(CONTROL_API.cancel.input.safeParse({ id: 'x', force: true }).success).toBe(false);
    expect(CONTROL_API.status.input.safeParse({ id: 'x' }).success).toBe(false);
  });
});

describe('an error document', () => {
  test.each(Object.keys(ERRORS) as ErrorCode[])('of %s crosses as it is', (code) => {
    const document = new AgentError(code, 'It failed.', { details: { path: 'x' } }).toJSON();
    expect(ErrorDocumentSchema.parse(JSON.parse(JSON.stringify(document)))).toEqual(document);
  });

  test('with an unknown code does not', () => {
    const document = { code: 'toString', message: '', hint: null, retryable: false, details: null };
    expect(ErrorDocumentSchema.safeParse(document).success).toBe(false);
  });
});
