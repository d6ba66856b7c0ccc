/**
 * What no public source says of the real platform, as switches: whoever tests an agent sets both ways. They may
 * be changed while the platform runs.
 */
export interface PlatformBehaviour {
  /** What a second claim by the same principal answers. */
  secondClaim: 200 | 409;
  /** What a second completion by the same principal answers. */
  secondComplete: 200 | 409;
  /** Whether append-log is taken on tasks in these states. */
  appendOnReady: boolean;
  appendOnEnded: boolean;
  /** Log entries a task keeps; the oldest are dropped. */
  logBound: number;
  hashAlgorithm: 'sha256' | 'sha512' | 'sha1' | 'md5';
  hashForm: 'hex' | 'base64' | 'prefixed' | 'unknown';
  /** Whether downloads answer Range requests and carry a strong ETag. */
  range: boolean;
  /** Seconds in the X-KF-DELAY-WINDOW header of POST /workers; null: no header. */
  delayWindowSeconds: number | null;
  /** Field names in answers: those of R24, of R26, or both. */
  shape: 'both' | 'r24' | 'r26';
  /** Whether R26's names in queries and bodies are taken; else they are a 400, as from an older server. */
  acceptR26Names: boolean;
  /** Whether R24's query name taskDefinitionCode is taken; a newer server may have dropped it. */
  acceptR24Names: boolean;
  /** Whether completing a process cancels its open items, as cancelling one does. */
  completeCancelsItems: boolean;
  /** State of a task that is created with an owner. */
  ownedTaskStartsAs: 'READY' | 'CLAIMED';
  /** Life of the tokens of people who signed in. */
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
  /** Whether each refresh brings another refresh token and spends the one before. */
  rotatesRefreshTokens: boolean;
}

export const DEFAULT_BEHAVIOUR: PlatformBehaviour = {
  secondClaim: 200,
  secondComplete: 200,
  appendOnReady: true,
  appendOnEnded: true,
  logBound: 500,
  hashAlgorithm: 'sha256',
  hashForm: 'hex',
  range: true,
  delayWindowSeconds: 300,
  shape: 'both',
  acceptR26Names: true,
  acceptR24Names: true,
  completeCancelsItems: true,
  ownedTaskStartsAs: 'CLAIMED',
  accessTokenSeconds: 300,
  refreshTokenSeconds: 1800,
  rotatesRefreshTokens: true,
};
