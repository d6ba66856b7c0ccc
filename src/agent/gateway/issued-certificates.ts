import { z } from 'zod';

// What passes between the agent and the child process that issues certificates.

const CertifiedKeySchema = z.object({ certPem: z.string(), keyPem: z.string() });

/** `ca: null` asks for a new authority too; else the leaf is signed by the one given. */
export const IssueRequestSchema = z.object({ nowMs: z.number(), ca: CertifiedKeySchema.nullable() });

export const IssuedCertificatesSchema = z.object({ ca: CertifiedKeySchema, leaf: CertifiedKeySchema });

/** A certificate and its PKCS #8 private key, both as PEM. */
export type CertifiedKey = z.infer<typeof CertifiedKeySchema>;
export type IssueRequest = z.infer<typeof IssueRequestSchema>;
export type IssuedCertificates = z.infer<typeof IssuedCertificatesSchema>;
