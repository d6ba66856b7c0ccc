import type { OperationId } from './operations.ts';

/** Whose id the call's path must carry. */
export type Owned = 'process' | 'task' | 'robot';

interface Reach {
  own: Owned;
  /** The query parameters that the specification gives the operation; no other may stand there. */
  query?: readonly string[];
}

/**
 * What a run may call with the scope `run`. Of its process it may read and write the data and the documents, but not
 * end it, hand it to somebody else or add items to it: that would reach other people's tasks.
 */
export const REACH_OF_RUN: Readonly<Partial<Record<OperationId, Reach>>> = {
  retrieveProcess: { own: 'process' },
  updateProcessMetadata: { own: 'process' },
  patchProcessMetadata: { own: 'process' },
  updateProcessEntity: { own: 'process' },
  patchProcessEntity: { own: 'process' },
  uploadProcessDocument: { own: 'process', query: ['fileContentType', 'fileName'] },
  uploadProcessUserActionDocument: {
    own: 'process',
    query: ['fileContentType', 'fileName', 'userActionValueId'],
  },
  downloadProcessDocument: { own: 'process', query: ['documentUri'] },

  retrieveProcessItem: { own: 'task' },
  retrieveProcessItemAiAssistance: { own: 'task' },
  generateProcessItemAiAssistance: { own: 'task' },
  claimProcessItemTask: { own: 'task' },
  assignProcessItemTask: { own: 'task' },
  completeProcessItemTask: { own: 'task' },
  appendProcessItemTaskLog: { own: 'task' },
  updateProcessItemTaskData: { own: 'task' },
  patchProcessItemTaskData: { own: 'task' },
  updateProcessItemTaskContextData: { own: 'task' },
  downloadProcessItemTaskDataWebformsAsDocument: { own: 'task', query: ['propertyPath'] },

  retrieveRobot: { own: 'robot' },
  downloadRobotSourceCode: { own: 'robot' },
  downloadRobotAsset: { own: 'robot', query: ['type', 'version', 'platform', 'architecture'] },
};
