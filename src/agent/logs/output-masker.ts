import { MaskAnnouncements } from './mask-announcements.ts';
import { Masker, type SecretSet } from './masker.ts';

/**
 * One stream of a robot's: takes out the lines that announce a secret, and masks the rest. What is announced holds
 * from then on for every stream that shares the set.
 */
export class OutputMasker {
  readonly #announcements: MaskAnnouncements;
  readonly #masker: Masker;
  #masked: Buffer[] = [];

  /** @param onShort a value was announced that is too short to be masked */
  constructor(secrets: SecretSet, onShort: () => void) {
    this.#masker = new Masker(secrets);
    this.#announcements = new MaskAnnouncements(
      (bytes) => this.#masked.push(this.#masker.push(bytes)),
      (value) => {
        // An empty line announces nothing, and nobody need be told.
        if (!addAnnounced(secrets, value) && value !== '') onShort();
      },
    );
  }

  /** The masked bytes that are certain now. May be `chunk` itself. */
  push(chunk: Buffer): Buffer {
    this.#announcements.push(chunk);
    return this.#take();
  }

  /** What was held back. */
  end(): Buffer {
    this.#announcements.end();
    this.#masked.push(this.#masker.end());
    return this.#take();
  }

  #take(): Buffer {
    const [only] = this.#masked;
    const masked = this.#masked.length === 1 && only !== undefined ? only : Buffer.concat(this.#masked);
    this.#masked = [];
    return masked;
  }
}

/** The value may hold line ends and percent signs escaped, as such lines do elsewhere. */
function addAnnounced(secrets: SecretSet, value: string): boolean {
  const decoded = value.replace(/%(0A|0D|25)/gi, (code) => decodeURIComponent(code));
  const isMasked = secrets.add(value);
  return decoded === value ? isMasked : secrets.add(decoded) && isMasked;
}
