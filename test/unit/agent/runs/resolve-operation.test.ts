import { describe, expect, test } from 'vitest';
import { resolveOperation } from '../../../../src/agent/runs/resolve-operation.ts';

const check = { name: 'Check invoices', shell: 'check' };
const send = { name: 'Send', shell: 'send' };
const manifestOf = (...operations: { name: string; shell: string }[]) => ({
  operations,
  tools: {},
  postInstall: [],
});

describe('the operation to run', () => {
  test('is the one asked for', () => {
    expect(resolveOperation(manifestOf(check, send), 'Send')).toBe(send);
  });

  test('is the only one where none was asked for', () => {
    expect(resolveOperation(manifestOf(check), null)).toBe(check);
  });

  test.each(['send', 'Send ', '', 'Check'])(
    'is not found by %j, which is quoted beside those there are',
    (asked) => {
      expect(() => resolveOperation(manifestOf(check, send), asked)).toThrow(
        expect.objectContaining({
          code: 'OPERATION_NOT_FOUND',
          message: `kubot.yaml has no operation "${asked}"; it has "Check invoices", "Send".`,
          details: { asked, operations: ['Check invoices', 'Send'] },
        }),
      );
    },
  );

  test('is not guessed where there are several', () => {
    expect(() => resolveOperation(manifestOf(check, send), null)).toThrow(
      expect.objectContaining({
        code: 'OPERATION_NOT_FOUND',
        message: 'No operation was named and kubot.yaml has several: "Check invoices", "Send".',
        details: { asked: null, operations: ['Check invoices', 'Send'] },
        hint: expect.stringContaining('operationPointer'),
      }),
    );
  });
});
