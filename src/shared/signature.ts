import { z } from 'zod';

/** Who signed a package, as far as this machine knows. */
export const SignatureViewSchema = z.object({
  /** `broken`: a signature that is not for this content. */
  state: z.enum(['trusted', 'untrusted', 'unsigned', 'broken']),
  /** Ed25519, as SPKI in base64; null where there is no signature that fits. */
  key: z.string().nullable(),
  /** The name that `publisherKeys` gives the key; null: trusted on first use, or not at all. */
  publisher: z.string().nullable(),
});

export type SignatureView = z.infer<typeof SignatureViewSchema>;
