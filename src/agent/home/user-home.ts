import { homedir, userInfo } from 'node:os';

/** The person's home, by the system's own list of users: HOME may name another folder. */
export function findUserHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A container may run us under a number that has no name.
    return homedir();
  }
}
