import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** The platform's files: documents and robot packages, by id, in its data folder or in a private one. */
export class DocumentFiles {
  readonly #dir: string;
  readonly #temporary: boolean;

  constructor(dataDir: string | null) {
    this.#temporary = dataDir === null;
    this.#dir = dataDir === null ? mkdtempSync(join(tmpdir(), 'kubot-platform-')) : join(dataDir, 'files');
    mkdirSync(this.#dir, { recursive: true });
  }

  pathOf(id: string): string {
    return join(this.#dir, id);
  }

  /** Streams a body to a file of its own; nothing is left when it breaks off. */
  async write(id: string, body: AsyncIterable<Buffer>): Promise<{ lengthBytes: number; hashes: Hashes }> {
    const partial = `${this.pathOf(id)}.${randomUUID()}.partial`;
    const hashes = HASHES.map((name) => [name, createHash(name)] as const);
    let lengthBytes = 0;
    try {
      await pipeline(
        Readable.from(body, { objectMode: false }),
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            lengthBytes += chunk.length;
            for (const [, hash] of hashes) hash.update(chunk);
            yield chunk;
          }
        },
        createWriteStream(partial),
      );
      await rename(partial, this.pathOf(id));
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return {
      lengthBytes,
      hashes: Object.fromEntries(hashes.map(([name, hash]) => [name, hash.digest('hex')])) as Hashes,
    };
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
  }

  close(): void {
    if (this.#temporary) rmSync(this.#dir, { recursive: true, force: true });
  }
}

const HASHES = ['sha256', 'sha512', 'sha1', 'md5'] as const;
export type Hashes = Record<(typeof HASHES)[number], string>;
