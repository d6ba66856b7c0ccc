import type { FileHandle } from 'node:fs/promises';
import type { Refusal } from './zip-rules.ts';

/** A ZIP that lies open to be judged and unpacked. */
export interface ZipArchive {
  file: FileHandle;
  bytes: number;
  /** Whom refusals name, and by which code. */
  refusal: Refusal;
}

/** Fills the buffer from the archive. */
export async function readExactly({ file }: ZipArchive, buffer: Buffer, position: number): Promise<void> {
  for (let at = 0; at < buffer.length; ) {
    const { bytesRead } = await file.read(buffer, at, buffer.length - at, position + at);
    if (bytesRead === 0) throw new Error('unexpected end of the archive');
    at += bytesRead;
  }
}

/** Many short stretches one after the other, read from the disk by the piece. */
export class PieceReader {
  static readonly #PIECE_BYTES = 1024 * 1024;
  readonly #archive: ZipArchive;
  #piece = Buffer.alloc(0);
  #pieceAt = 0;

  constructor(archive: ZipArchive) {
    this.#archive = archive;
  }

  /** Bytes that nobody may write into; of one call at a time. */
  async read(position: number, length: number): Promise<Buffer> {
    const end = position + length;
    if (position < this.#pieceAt || end > this.#pieceAt + this.#piece.length) {
      if (end > this.#archive.bytes) throw new Error('unexpected end of the archive');
      const most = Math.max(length, PieceReader.#PIECE_BYTES);
      const piece = Buffer.allocUnsafe(Math.min(most, this.#archive.bytes - position));
      await readExactly(this.#archive, piece, position);
      this.#piece = piece;
      this.#pieceAt = position;
    }
    return this.#piece.subarray(position - this.#pieceAt, end - this.#pieceAt);
  }
}
