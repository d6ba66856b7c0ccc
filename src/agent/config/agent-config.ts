import type { RobotSettings } from '../../shared/robot-settings.ts';
import type { Settings } from '../../shared/settings.ts';

interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
}

/**
 * Where the client secret came from; `pipe`: whoever started the agent wrote it to its stdin; `sign-in`: there is none,
 * a person signs in.
 */
export type CredentialsSource = 'environment' | 'file' | 'pipe' | 'keyring' | 'sign-in' | 'none';

/** What the agent runs by: compiled once, validated, frozen. */
export interface AgentConfig {
  readonly homeDir: string;
  /** URL of the API with its version path, without a slash at its end. */
  readonly endpoint: string;
  /** null: the client id or the secret is missing, or lies in the keyring and was not asked for yet. */
  readonly credentials: Credentials | null;
  readonly credentialsSource: CredentialsSource;
  /** The file to read the secret from again when it changes; null: it came another way. */
  readonly secretFilePath: string | null;
  readonly tenantId: string | null;
  readonly settings: Settings;
  /** Where each setting comes from, by its key; those of one robot by `robots.<code>.<key>`. */
  readonly sources: Readonly<Record<string, ConfigSource>>;
  /** Sentences for the operator: an insecure way of giving the secret, for example. */
  readonly warnings: readonly string[];
  /**
   * Compiled again from the same flags and environment, with the files as they are now.
   * @throws AgentError CONFIG_INVALID
   */
  reload(): AgentConfig;
  /** The settings that hold for one robot: its own over the global ones. */
  robot(code: string): Settings & RobotSettings;
}

export type ConfigSource = 'flag' | 'environment' | 'file' | 'default';
