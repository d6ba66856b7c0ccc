/**
 * Whether a list of `NO_PROXY` keeps a host from the proxy, read as Node reads it: `*` for all, a host with all that
 * lies below it (`.example.com` and `*.example.com` are the same as `example.com`), each with a port or for any.
 * @param target host without brackets, in lower case
 */
export function isDirect(target: { readonly host: string; readonly port: number }, list: string): boolean {
  return list.split(',').some((text) => {
    const entry = text.trim().toLowerCase();
    // An IPv6 address has colons of its own.
    if (entry === target.host) return true;
    const [, name = '', port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
    if (port !== undefined && Number(port) !== target.port) return false;
    if (name === '*') return true;
    const bare = name.replace(/^\*?\./, '');
    return bare !== '' && (target.host === bare || target.host.endsWith(`.${bare}`));
  });
}
