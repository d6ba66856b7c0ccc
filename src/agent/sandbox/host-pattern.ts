/** `host:port`: a name, `*.name` for all below it, `*`, or an address; a port or `*`. */
export interface HostPattern {
  text: string;
  host: string;
  port: number | null;
}

/** Reads a pattern that the settings' schema let pass. IPv6 addresses are written in brackets. */
export function parseHostPattern(text: string): HostPattern {
  const colon = text.lastIndexOf(':');
  const port = text.slice(colon + 1);
  return { text, host: plainHost(text.slice(0, colon)), port: port === '*' ? null : Number(port) };
}

/** The pattern that allows a host; undefined: none does. */
export function findPattern(
  patterns: readonly HostPattern[],
  host: string,
  port: number,
): HostPattern | undefined {
  const name = plainHost(host);
  return patterns.find(
    (pattern) => (pattern.port === null || pattern.port === port) && matches(pattern.host, name),
  );
}

function matches(pattern: string, name: string): boolean {
  if (pattern === '*' || pattern === name) return true;
  return pattern.startsWith('*.') && name.endsWith(pattern.slice(1)) && !name.startsWith('.');
}

/** Lower case, without the brackets of an IPv6 address and the dot that ends a full name. */
export function plainHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}
