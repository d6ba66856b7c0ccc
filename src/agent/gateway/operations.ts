/** The API version that a robot's endpoint ends with; the official SDKs add the same. */
export const API_VERSION = 'v2024-06-14';

export interface Operation {
  readonly method: string;
  /** Path below the version, with its parameters in braces, as the specification has it. */
  readonly template: string;
}

/**
 * Every operation that the gateway knows, by its id in KuFlow's specification of this version: all of R24 (a test
 * compares them), what the revision of 2026 adds, and what the official SDK (kuflow-rest 3.5.0) calls beyond both.
 * What is not listed is refused.
 */
export const OPERATIONS = {
  createAuthentication: { method: 'POST', template: '/authentications' },
  createWorker: { method: 'POST', template: '/workers' },
  retrieveKmsKey: { method: 'GET', template: '/kms/keys/{keyId}' },

  findPrincipals: { method: 'GET', template: '/principals' },
  retrievePrincipal: { method: 'GET', template: '/principals/{id}' },
  findTenantUsers: { method: 'GET', template: '/tenant-users' },
  retrieveTenantUser: { method: 'GET', template: '/tenant-users/{id}' },
  findGroups: { method: 'GET', template: '/groups' },
  findTenants: { method: 'GET', template: '/tenants' },
  retrieveTenant: { method: 'GET', template: '/tenants/{id}' },

  findProcesses: { method: 'GET', template: '/processes' },
  createProcess: { method: 'POST', template: '/processes' },
  retrieveProcess: { method: 'GET', template: '/processes/{id}' },
  completeProcess: { method: 'POST', template: '/processes/{id}/~actions/complete' },
  deleteProcess: { method: 'DELETE', template: '/processes/{id}' },
  cancelProcess: { method: 'POST', template: '/processes/{id}/~actions/cancel' },
  cancelProcessProcessItems: { method: 'POST', template: '/processes/{id}/~actions/cancel-process-items' },
  changeProcessInitiator: { method: 'POST', template: '/processes/{id}/~actions/change-initiator' },
  uploadProcessUserActionDocument: {
    method: 'POST',
    template: '/processes/{id}/~actions/upload-user-action-document',
  },
  updateProcessMetadata: { method: 'PUT', template: '/processes/{id}/metadata' },
  patchProcessMetadata: { method: 'PATCH', template: '/processes/{id}/metadata' },
  updateProcessEntity: { method: 'PUT', template: '/processes/{id}/entity' },
  patchProcessEntity: { method: 'PATCH', template: '/processes/{id}/entity' },
  uploadProcessDocument: { method: 'POST', template: '/processes/{id}/~actions/upload-document' },
  downloadProcessDocument: { method: 'GET', template: '/processes/{id}/~actions/download-document' },

  createProcessAction: { method: 'POST', template: '/processes/{id}/actions' },
  retrieveProcessAction: { method: 'GET', template: '/processes/{id}/actions/{actionId}' },
  cancelProcessAction: { method: 'POST', template: '/processes/{id}/actions/{actionId}/~actions/cancel' },
  uploadDocument: { method: 'POST', template: '/documents/~actions/upload' },
  downloadDocument: { method: 'GET', template: '/documents/~actions/download' },

  findProcessItems: { method: 'GET', template: '/process-items' },
  createProcessItem: { method: 'POST', template: '/process-items' },
  retrieveProcessItem: { method: 'GET', template: '/process-items/{id}' },
  retrieveProcessItemAiAssistance: { method: 'GET', template: '/process-items/{id}/~actions/ai-assistance' },
  generateProcessItemAiAssistance: { method: 'POST', template: '/process-items/{id}/~actions/ai-assistance' },
  claimProcessItemTask: { method: 'POST', template: '/process-items/{id}/task/~actions/claim' },
  assignProcessItemTask: { method: 'POST', template: '/process-items/{id}/task/~actions/assign' },
  completeProcessItemTask: { method: 'POST', template: '/process-items/{id}/task/~actions/complete' },
  appendProcessItemTaskLog: { method: 'POST', template: '/process-items/{id}/task/~actions/append-log' },
  updateProcessItemTaskData: { method: 'PUT', template: '/process-items/{id}/task/data' },
  patchProcessItemTaskData: { method: 'PATCH', template: '/process-items/{id}/task/data' },
  updateProcessItemTaskContextData: { method: 'PUT', template: '/process-items/{id}/task/context-data' },
  downloadProcessItemTaskDataWebformsAsDocument: {
    method: 'GET',
    template: '/process-items/{id}/task/data/~actions/download-webforms-as-document',
  },

  findBusinessArtifacts: { method: 'GET', template: '/business-artifacts' },
  createBusinessArtifact: { method: 'POST', template: '/business-artifacts' },
  retrieveBusinessArtifact: { method: 'GET', template: '/business-artifacts/{id}' },
  deleteBusinessArtifact: { method: 'DELETE', template: '/business-artifacts/{id}' },
  updateBusinessArtifactData: { method: 'PUT', template: '/business-artifacts/{id}/data' },
  patchBusinessArtifactData: { method: 'PATCH', template: '/business-artifacts/{id}/data' },
  createBusinessArtifactAction: { method: 'POST', template: '/business-artifacts/{id}/actions' },
  retrieveBusinessArtifactAction: { method: 'GET', template: '/business-artifacts/{id}/actions/{actionId}' },
  cancelBusinessArtifactAction: {
    method: 'POST',
    template: '/business-artifacts/{id}/actions/{actionId}/~actions/cancel',
  },
  prepareBusinessArtifactCreateArtifact: {
    method: 'POST',
    template: '/business-artifacts/{id}/~actions/prepare-create-artifact',
  },
  prepareBusinessArtifactActionStartProcess: {
    method: 'POST',
    template: '/business-artifacts/{id}/~actions/prepare-start-process',
  },
  restoreBusinessArtifact: { method: 'POST', template: '/business-artifacts/{id}/~actions/restore' },
  uploadBusinessArtifactDocument: {
    method: 'POST',
    template: '/business-artifacts/{id}/~actions/upload-document',
  },
  downloadBusinessArtifactDocument: {
    method: 'GET',
    template: '/business-artifacts/{id}/~actions/download-document',
  },

  findRobots: { method: 'GET', template: '/robots' },
  retrieveRobot: { method: 'GET', template: '/robots/{id}' },
  downloadRobotSourceCode: { method: 'GET', template: '/robots/{id}/~actions/download-source-code' },
  downloadRobotAsset: { method: 'GET', template: '/robots/{id}/~actions/download-asset' },
} as const satisfies Record<string, Operation>;

export type OperationId = keyof typeof OPERATIONS;
