import type { StoredDocument } from './model.ts';
import type { PlatformState } from './platform-state.ts';

/** `kuflow-file:uri=…;type=…;size=…;name=…;`, as in the specification's example. */
export function uriOf(document: StoredDocument): string {
  const { id, contentType, lengthBytes, name } = document;
  return `kuflow-file:uri=${id};type=${contentType};size=${lengthBytes};name=${name.replaceAll(';', '_')};`;
}

/** The id that a documentUri names; null when it is no documentUri. */
export function documentIdOf(uri: string): string | null {
  return /^kuflow-file:uri=([0-9a-f-]{36});/.exec(uri)?.[1] ?? null;
}

/** Marks the documents that saved data names as linked: those are kept. */
export function linkDocuments(state: PlatformState, processId: string, data: unknown): void {
  if (typeof data === 'string') {
    const id = documentIdOf(data);
    const document = id === null ? undefined : state.store.find('document', id);
    if (document && document.processId === processId && !document.linked) {
      state.store.save('document', { ...document, linked: true });
    }
  } else if (typeof data === 'object' && data !== null) {
    for (const part of Object.values(data)) linkDocuments(state, processId, part);
  }
}
