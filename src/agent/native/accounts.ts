/** The system's users and groups, by whatever keeps them: files, LDAP, a directory. null: there is no such one. */
export interface Accounts {
  userId(name: string): number | null;
  userName(id: number): string | null;
  groupId(name: string): number | null;
}

/** By the C library, as all programs ask (docs/adr/0007). null where there is none to be called. */
export async function loadAccounts(platform: NodeJS.Platform = process.platform): Promise<Accounts | null> {
  if (platform === 'win32') return null;
  try {
    const { default: koffi } = await import('koffi');
    const library = koffi.load(null);
    // From <pwd.h> and <grp.h>: the first members, which Linux and macOS have alike.
    const User = koffi.struct({ name: 'str', password: 'void *', id: 'uint32_t' });
    const Group = koffi.struct({ name: 'str', password: 'void *', id: 'uint32_t' });
    const getpwnam = library.func('void *getpwnam(const char *)');
    const getpwuid = library.func('void *getpwuid(uint32_t)');
    const getgrnam = library.func('void *getgrnam(const char *)');
    const read = (found: unknown, shape: typeof User): { name: string; id: number } | null =>
      found === null ? null : (koffi.decode(found, shape) as { name: string; id: number });
    return {
      userId: (name) => read(getpwnam(name), User)?.id ?? null,
      userName: (id) => read(getpwuid(id), User)?.name ?? null,
      groupId: (name) => read(getgrnam(name), Group)?.id ?? null,
    };
  } catch {
    return null;
  }
}
