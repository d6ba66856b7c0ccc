/** `NAME=VALUE`, one a line; empty lines are nothing. The first line that is neither is told. */
export function parseVariables(text: string): { variables: Record<string, string>; badLine: string | null } {
  const variables: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const match = /^\s*([A-Za-z_]\w*)=(.*)$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) return { variables, badLine: line };
    variables[match[1]] = match[2];
  }
  return { variables, badLine: null };
}
