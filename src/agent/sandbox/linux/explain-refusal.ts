import { existsSync, readFileSync } from 'node:fs';

export interface HostFacts {
  /** Text of a file; '' where there is none. */
  read(path: string): string;
  isContainer: boolean;
}

export const NOT_INSTALLED =
  'bubblewrap is not installed. Install the package bubblewrap (apt install bubblewrap, dnf install bubblewrap); the agent looks again every minute.';

/** Why bwrap did not do what it was asked for, and what to do about it. @param said its stderr */
export function explainRefusal(said: string, facts: HostFacts = readFacts()): string {
  const last =
    said
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^bwrap: /, '') ?? '';
  const words = last === '' ? '' : ` It said: ${last.slice(0, 200)}.`;
  if (!/permission|not permitted|no space left|user namespace|uid map|mount proc/i.test(said))
    return `bubblewrap did not work.${words}`;
  if (facts.read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns').trim() === '1') {
    return `AppArmor forbids user namespaces to bubblewrap.${words} Install a profile that allows them to /usr/bin/bwrap (docs/security.md has one); the agent tries again every minute.`;
  }
  if (facts.read('/proc/sys/user/max_user_namespaces').trim() === '0')
    return `User namespaces are switched off.${words} Set user.max_user_namespaces by sysctl to more than 0.`;
  if (facts.read('/proc/sys/kernel/unprivileged_userns_clone').trim() === '0')
    return `User namespaces are switched off.${words} Set kernel.unprivileged_userns_clone=1 by sysctl.`;
  if (facts.isContainer) {
    return `The container that the agent runs in forbids namespaces.${words} Let the container make user namespaces and mount /proc, or run the agent outside it.`;
  }
  return `bubblewrap may not make namespaces.${words} Ask who governs this machine to allow user namespaces.`;
}

function readFacts(): HostFacts {
  const read = (path: string) => {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      return '';
    }
  };
  const isContainer =
    existsSync('/.dockerenv') ||
    existsSync('/run/.containerenv') ||
    /docker|lxc|kubepods|containerd/.test(read('/proc/1/cgroup'));
  return { read, isContainer };
}
