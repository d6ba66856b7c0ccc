/** What of this machine is somebody's. */
export interface HostPlaces {
  /** The agent's home: keys, journal, control socket. */
  agentHome: string;
  /** Where agents listen for users that they let in; null: this system has no such place. */
  controlDir: string | null;
  /** The person's home by the system's list and by HOME. */
  userHomes: readonly string[];
  /** Further files that no robot may read: the client secret's. */
  secretFiles: readonly string[];
}
