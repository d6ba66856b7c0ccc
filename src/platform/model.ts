/** What the platform keeps, in words of its own; src/platform/wire.ts turns it into the API's. */

export interface Audited {
  createdBy: string;
  createdAt: string;
  lastModifiedBy: string;
  lastModifiedAt: string;
}

export interface Principal {
  id: string;
  type: 'USER' | 'APPLICATION' | 'SYSTEM';
  name: string;
  email: string | null;
  /** Of an application: how it signs in. */
  clientId: string | null;
  clientSecret: string | null;
  bearerToken: string | null;
}

export interface Definition {
  id: string;
  version: string;
  code: string;
  name: string;
}

export interface ProcessDefinition extends Definition {
  tasks: (Definition & { robot: string | null; operation: string | null })[];
}

export type JsonObject = Record<string, unknown>;

export interface Process extends Audited {
  id: string;
  state: 'RUNNING' | 'COMPLETED' | 'CANCELLED';
  definitionId: string;
  initiatorId: string;
  metadata: JsonObject | null;
  entity: JsonObject | null;
}

export interface LogEntry {
  id: string;
  timestamp: string;
  message: string;
  level: 'INFO' | 'WARN' | 'ERROR';
}

export type TaskState = 'READY' | 'CLAIMED' | 'COMPLETED' | 'CANCELLED';

export interface ProcessItem extends Audited {
  id: string;
  type: 'TASK' | 'MESSAGE';
  processId: string;
  ownerId: string | null;
  task: { state: TaskState; definitionCode: string; data: JsonObject | null } | null;
  message: { text: string | null; data: JsonObject | null; definitionCode: string | null } | null;
  claimedAt: string | null;
  completedAt: string | null;
  cancelledAt: string | null;
}

/** By algorithm, hex. */
export type Hashes = Record<'sha256' | 'sha512' | 'sha1' | 'md5', string>;

export interface Robot extends Audited {
  id: string;
  code: string;
  name: string;
  description: string | null;
  ready: boolean;
  sourceType: 'PACKAGE' | 'UNKNOWN';
  environmentVariables: Record<string, string>;
  file: {
    id: string;
    name: string;
    lengthBytes: number;
    hashes: Hashes;
  };
}

export interface Worker extends Audited {
  id: string;
  identity: string;
  document: JsonObject;
}

export interface StoredDocument {
  id: string;
  processId: string;
  name: string;
  contentType: string;
  lengthBytes: number;
  createdAt: string;
  /** Some process's or item's data names it: then it is kept for good. */
  linked: boolean;
}

/** What a person allowed a program. Tokens are kept as hashes alone. */
export interface OauthSession {
  id: string;
  principalId: string;
  clientId: string;
  scope: string;
  accesses: { hash: string; expiresAtMs: number }[];
  refreshHash: string;
  /** Refresh tokens that were exchanged for another. */
  spentRefreshHashes: string[];
  refreshExpiresAtMs: number;
  isEnded: boolean;
}

export interface AuditEntry {
  seq: number;
  at: string;
  principalId: string;
  sourceAddress: string;
  operation: string;
  resource: string;
  before: unknown;
  after: unknown;
}
