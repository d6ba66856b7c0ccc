import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Hashes } from './model.ts';

const PARTIAL = '.partial';

/** The platform's files: documents and robot packages, by id, in its data folder or in a private one. */
export class DocumentFiles {
  readonly #dir: string;
  readonly #temporary: boolean;

  constructor(dataDir: string | null) {
    this.#temporary = dataDir === null;
    this.#dir = dataDir === null ? mkdtempSync(join(tmpdir(), 'kubot-platform-')) : join(dataDir, 'files');
    mkdirSync(this.#dir, { recursive: true });
    this.#removePartials();
  }

  pathOf(id: string): string {
    return join(this.#dir, id);
  }

  /** Streams a body to a file of its own; nothing is left when it breaks off. Answers with its length in bytes. */
  async write(id: string, body: AsyncIterable<Buffer>, onChunk?: (chunk: Buffer) => void): Promise<number> {
    const partial = `${this.pathOf(id)}.${randomUUID()}${PARTIAL}`;
    let lengthBytes = 0;
    const count = async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        lengthBytes += chunk.length;
        onChunk?.(chunk);
        yield chunk;
      }
    };
    try {
      await pipeline(body, count, createWriteStream(partial));
      await rename(partial, this.pathOf(id));
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    }
    return lengthBytes;
  }

  /** As `write`, for robot packages, whose hash is told by whatever algorithm is switched on. */
  async writeHashed(
    id: string,
    body: AsyncIterable<Buffer>,
  ): Promise<{ lengthBytes: number; hashes: Hashes }> {
    const hashers = {
      sha256: createHash('sha256'),
      sha512: createHash('sha512'),
      sha1: createHash('sha1'),
      md5: createHash('md5'),
    };
    const lengthBytes = await this.write(id, body, (chunk) => {
      for (const hasher of Object.values(hashers)) hasher.update(chunk);
    });
    const hashes = {
      sha256: hashers.sha256.digest('hex'),
      sha512: hashers.sha512.digest('hex'),
      sha1: hashers.sha1.digest('hex'),
      md5: hashers.md5.digest('hex'),
    };
    return { lengthBytes, hashes };
  }

  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
  }

  close(): void {
    if (this.#temporary) rmSync(this.#dir, { recursive: true, force: true });
  }

  /** What a killed platform left half-written. */
  #removePartials(): void {
    for (const name of readdirSync(this.#dir)) {
      if (name.endsWith(PARTIAL)) rmSync(join(this.#dir, name));
    }
  }
}
