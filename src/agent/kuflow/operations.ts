/** How a call to the API behaves when it goes wrong. */
export interface ApiOperation {
  /** Completes "could not …" and "refused to …" in messages. */
  readonly does: string;
  /**
   * `always`: doing it twice is as good as once, so it is repeated whatever became of the first try.
   * `ask-first`: repeated only when the platform certainly did not act; else the caller looks up what happened.
   */
  readonly repeat: 'always' | 'ask-first';
  /** Tries in all. Calls that a loop makes have one: the loop is their retry. */
  readonly attempts: number;
  /** For one attempt, its answer's body included; null: the caller's signal is the limit. */
  readonly timeoutMs: number | null;
}

const SECOND_MS = 1000;

const call = (does: string, over: Partial<ApiOperation> = {}): ApiOperation => ({
  does,
  repeat: 'always',
  attempts: 4,
  timeoutMs: 30 * SECOND_MS,
  ...over,
});

/** The calls that the agent makes, by operation id of the specification. */
export const OPERATIONS = {
  createWorker: call('register this worker', { attempts: 1 }),
  findRobots: call('list the robots', { attempts: 1 }),
  retrieveRobot: call('read the robot', { attempts: 1 }),
  downloadRobotSourceCode: call('download the robot package', { attempts: 1, timeoutMs: null }),
  downloadRobotAsset: call('download the runtime', { attempts: 1, timeoutMs: null }),
  // Of R26; R24 has none.
  findTenants: call('list the tenants', { attempts: 1 }),
  findProcessItems: call('look for tasks', { attempts: 1 }),
  retrieveProcessItem: call('read the task'),
  claimProcessItemTask: call('claim the task', { repeat: 'ask-first' }),
  completeProcessItemTask: call('complete the task'),
  assignProcessItemTask: call('hand over the task'),
  appendProcessItemTaskLog: call('append to the log of the task', { repeat: 'ask-first' }),
  updateProcessItemTaskData: call('save the data of the task'),
  patchProcessItemTaskData: call('patch the data of the task', { repeat: 'ask-first' }),
  // A twin of a document that nothing links to is deleted by the platform after a day.
  uploadProcessDocument: call('upload the document', { timeoutMs: 15 * 60 * SECOND_MS }),
} as const satisfies Record<string, ApiOperation>;

export type OperationId = keyof typeof OPERATIONS;
