import { randomUUID } from 'node:crypto';
import { ApiError } from '../api-error.ts';
import { documentIdOf, uriOf } from '../document-links.ts';
import type { StoredDocument } from '../model.ts';
import { audit, auditOwn, type Operation, type PlatformState } from '../platform-state.ts';
import { processOf } from './processes.ts';

/** A document that nothing links is deleted after this long. */
const UNLINKED_LIFE_MS = 24 * 60 * 60_000;

export const uploadProcessDocument: Operation = async (call) => {
  const { state, id, query } = call;
  processOf(state, id);
  await deleteExpired(state);
  const documentId = randomUUID();
  const lengthBytes = await state.files.write(documentId, call.stream);
  const document: StoredDocument = {
    id: documentId,
    processId: id,
    name: String(query.fileName),
    contentType: String(query.fileContentType),
    lengthBytes,
    createdAt: new Date(state.now()).toISOString(),
    linked: false,
  };
  state.store.atomically(() => {
    state.store.save('document', document);
    audit(call, `document/${documentId}`, null, document);
  });
  return { status: 200, body: { documentUri: uriOf(document) } };
};

export const downloadProcessDocument: Operation = async ({ state, id, query }) => {
  processOf(state, id);
  await deleteExpired(state);
  const documentId = documentIdOf(String(query.documentUri));
  const document = documentId === null ? undefined : state.store.find('document', documentId);
  if (!document || document.processId !== id) throw new ApiError(404, `Document not found in process ${id}`);
  return {
    status: 200,
    file: {
      path: state.files.pathOf(document.id),
      lengthBytes: document.lengthBytes,
      etag: `"${document.id}"`,
    },
  };
};

async function deleteExpired(state: PlatformState): Promise<void> {
  for (const document of state.store.all('document')) {
    if (document.linked || state.now() - Date.parse(document.createdAt) < UNLINKED_LIFE_MS) continue;
    state.store.atomically(() => {
      state.store.remove('document', document.id);
      auditOwn(state, 'deleteUnlinkedDocument', `document/${document.id}`, document, null);
    });
    await state.files.remove(document.id);
  }
}
