import { describe, expect, it } from 'vitest';
import { uuidV5 } from '../../../src/platform/uuid-v5.ts';

describe('uuidV5', () => {
  // RFC 9562, appendix A.4: www.example.com in the namespace of DNS names.
  it('gives the id of the standard', () => {
    expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
      '2ed6657d-e927-568b-95e1-2665a8aea6a2',
    );
  });

  it('gives other ids for other names and namespaces', () => {
    const id = uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'a');
    expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'b')).not.toBe(id);
    expect(uuidV5('6ba7b811-9dad-11d1-80b4-00c04fd430c8', 'a')).not.toBe(id);
  });
});
