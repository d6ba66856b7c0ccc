import type { AssetRequest } from '../asset-provider.ts';

/** A place that assets come from: a folder of archives, the cache, the registry, this host. */
export interface AssetSource {
  readonly name: string;
  /** Versions that this source can give for the request's type, platform and architecture; none is []. */
  listVersions(request: AssetRequest): Promise<readonly string[]>;
  /**
   * A finished file with one of the listed versions.
   * @throws AssetMissing when it turns out not to exist, anything else when it cannot be had now; the next
   * source is asked then.
   */
  obtain(request: AssetRequest, version: string): Promise<string>;
}

/** Reports one thing that happened while an asset was looked for: a constant sentence and its data. */
export type AssetLog = (message: string, fields: object) => void;

/** Thrown by a source that learns only on the way that there is no such version. */
export class AssetMissing extends Error {}
