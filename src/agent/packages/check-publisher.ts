import { AgentError } from '../../shared/errors.ts';
import type { Settings } from '../../shared/settings.ts';
import type { SignatureView } from '../../shared/signature.ts';
import { type PackageSignature, readSignature, SIGNATURE_FILE } from './signature.ts';

/** The keys that this machine saw first, each for one robot. */
export interface PinnedKeys {
  find(robotCode: string): string | null;
  pin(robotCode: string, key: string): void;
}

export interface PublisherRequest {
  robotCode: string;
  packageDir: string;
  settings: Pick<Settings, 'packageSignatures' | 'publisherKeys'>;
  pinned: PinnedKeys;
}

export interface CheckedPublisher {
  /** Null: signatures are not looked at here. */
  signature: SignatureView | null;
  warnings: string[];
}

/**
 * Finds out who signed a package, and whether this machine takes that. With `publisherKeys` these alone are trusted;
 * without, a robot's first key is, from then on.
 * @throws AgentError with `require`: PACKAGE_REFUSED {entry, rule} for a signature that does not fit, POLICY_REFUSED
 *   for none, or one of somebody else: another host may take those
 */
export async function checkPublisher(request: PublisherRequest): Promise<CheckedPublisher> {
  const policy = request.settings.packageSignatures;
  if (policy === 'off') return { signature: null, warnings: [] };
  const judged = judge(await readSignature(request.packageDir), request);
  if (judged.refusal === null) return { signature: judged.signature, warnings: [] };
  if (policy === 'require') throw judged.refusal;
  return { signature: judged.signature, warnings: [judged.refusal.message] };
}

interface Judged {
  signature: SignatureView;
  refusal: AgentError | null;
}

function judge(found: PackageSignature, { robotCode, settings, pinned }: PublisherRequest): Judged {
  const what = `The package of ${robotCode}`;
  if (found.state === 'broken') {
    return {
      signature: { state: 'broken', key: null, publisher: null },
      refusal: new AgentError(
        'PACKAGE_REFUSED',
        `${what} has a signature (${SIGNATURE_FILE}) that ${found.problem}.`,
        {
          details: { entry: SIGNATURE_FILE, rule: 'signature' },
          hint: 'Have its publisher sign it again, as the last thing before it is packed.',
        },
      ),
    };
  }
  if (found.state === 'unsigned') {
    return {
      signature: { state: 'unsigned', key: null, publisher: null },
      refusal: policyRefusal(
        `${what} is not signed, and packageSignatures asks for signed ones here.`,
        'Have its publisher sign it (docs/write-a-robot.md says how).',
      ),
    };
  }
  const { key } = found;
  const named = Object.entries(settings.publisherKeys);
  if (named.length > 0) {
    const publisher = named.find(([, known]) => known === key)?.[0] ?? null;
    if (publisher !== null) return { signature: { state: 'trusted', key, publisher }, refusal: null };
    return {
      signature: { state: 'untrusted', key, publisher: null },
      refusal: policyRefusal(
        `${what} is signed with the key ${key}, which is none of publisherKeys.`,
        `If that is its publisher's key, add it to publisherKeys, or to robots.${robotCode}.publisherKeys.`,
      ),
    };
  }
  const first = pinned.find(robotCode);
  if (first === null) pinned.pin(robotCode, key);
  if (first === null || first === key) {
    return { signature: { state: 'trusted', key, publisher: null }, refusal: null };
  }
  return {
    signature: { state: 'untrusted', key, publisher: null },
    refusal: policyRefusal(
      `${what} is signed with the key ${key}; the first that this machine saw for it was ${first}.`,
      `If its publisher changed the key, name the new one in robots.${robotCode}.publisherKeys.`,
    ),
  };
}

function policyRefusal(message: string, hint: string): AgentError {
  return new AgentError('POLICY_REFUSED', message, { hint });
}
