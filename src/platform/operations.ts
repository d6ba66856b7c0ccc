import type { Operation } from './platform-state.ts';
import { createAuthentication } from './resources/authentications.ts';
import { downloadProcessDocument, uploadProcessDocument } from './resources/documents.ts';
import { notOffered } from './resources/not-offered.ts';
import { findPrincipals, retrievePrincipal } from './resources/principals.ts';
import {
  appendProcessItemTaskLog,
  assignProcessItemTask,
  claimProcessItemTask,
  completeProcessItemTask,
  createProcessItem,
  findProcessItems,
  patchProcessItemTaskData,
  retrieveProcessItem,
  updateProcessItemTaskData,
} from './resources/process-items.ts';
import {
  cancelProcess,
  changeProcessInitiator,
  completeProcess,
  createProcess,
  findProcesses,
  patchProcessEntity,
  patchProcessMetadata,
  retrieveProcess,
  updateProcessEntity,
  updateProcessMetadata,
} from './resources/processes.ts';
import {
  downloadRobotAsset,
  downloadRobotSourceCode,
  findRobots,
  retrieveRobot,
} from './resources/robots.ts';
import { findTenantUsers, retrieveTenantUser } from './resources/tenant-users.ts';
import { createWorker } from './resources/workers.ts';

/** Every operation of the R24 specification, by its id. */
export const OPERATIONS: Record<string, Operation> = {
  appendProcessItemTaskLog,
  assignProcessItemTask,
  cancelProcess,
  changeProcessInitiator,
  claimProcessItemTask,
  completeProcess,
  completeProcessItemTask,
  createAuthentication,
  createProcess,
  createProcessItem,
  createWorker,
  downloadProcessDocument,
  downloadProcessItemTaskDataWebformsAsDocument: notOffered,
  downloadRobotAsset,
  downloadRobotSourceCode,
  findPrincipals,
  findProcessItems,
  findProcesses,
  findRobots,
  findTenantUsers,
  patchProcessEntity,
  patchProcessItemTaskData,
  patchProcessMetadata,
  retrievePrincipal,
  retrieveProcess,
  retrieveProcessItem,
  retrieveRobot,
  retrieveTenantUser,
  updateProcessEntity,
  updateProcessItemTaskData,
  updateProcessMetadata,
  uploadProcessDocument,
  uploadProcessUserActionDocument: notOffered,
};
