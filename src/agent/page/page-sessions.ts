import { createHash, randomBytes } from 'node:crypto';

/** Pages that may be open at once; the oldest is forgotten for the next. */
const MOST_SESSIONS = 32;

/**
 * Who may use the browser page. A link carries a ticket that is good once and is exchanged for a session key. The
 * key is kept by the page alone and sent in a header: a browser adds it to no request by itself, so no other site
 * can ask in its name, and no other port of this machine gets to see it as it would a cookie.
 */
export class PageSessions {
  #ticketHash = '';
  readonly #sessionHashes = new Set<string>();

  /** A ticket for one page; the one before it is void. */
  issueTicket(): string {
    const ticket = randomBytes(32).toString('base64url');
    this.#ticketHash = hashOf(ticket);
    return ticket;
  }

  /** A session key for a ticket; null: it is none of ours, or was used. */
  exchange(ticket: string): string | null {
    if (this.#ticketHash === '' || hashOf(ticket) !== this.#ticketHash) return null;
    this.#ticketHash = '';
    const key = randomBytes(32).toString('base64url');
    this.#sessionHashes.add(hashOf(key));
    const [oldest] = this.#sessionHashes;
    if (this.#sessionHashes.size > MOST_SESSIONS && oldest !== undefined) this.#sessionHashes.delete(oldest);
    return key;
  }

  isOpen(key: string): boolean {
    return this.#sessionHashes.has(hashOf(key));
  }
}

/** Compared as hashes: how long a comparison takes tells nothing of the secret. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
