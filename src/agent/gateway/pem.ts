/**
 * The blocks of a PEM text with one label (`CERTIFICATE`, `PRIVATE KEY`), each with LF line ends and one at its
 * end. What lies between blocks (comments, other blocks) is left out.
 */
export function findPemBlocks(text: string, label: string): string[] {
  const block = new RegExp(`-----BEGIN ${label}-----[\\sA-Za-z0-9+/=]+-----END ${label}-----`, 'g');
  return [...text.matchAll(block)].map(([found]) => `${found.replaceAll(/\r\n?/g, '\n')}\n`);
}

/** The bytes of a block as base64 without white space: equal for equal certificates, however they are wrapped. */
export function pemBody(block: string): string {
  return block.replaceAll(/-----[^-]+-----|\s/g, '');
}
