import { openAsBlob } from 'node:fs';
import type { OpenAsset } from '../../../src/agent/runtimes/asset-store.ts';
import { AgentError } from '../../../src/shared/errors.ts';
import { labAssets } from '../../helpers/lab.ts';

/** As the settings have them. */
export const ASSET_LIMITS = { maxEntries: 40_000, maxTotalBytes: 1.5 * 1024 ** 3 };

/** Assets as the embedded platform makes them, without the platform. */
export function openLabAsset(asked: string[]): OpenAsset {
  return ({ type, version, platform, architecture }) =>
    async () => {
      asked.push(`${type} ${version} ${platform} ${architecture}`);
      const asset = await labAssets().find({ type, version, platform, architecture });
      if (asset === null) {
        throw new AgentError('PLATFORM_REFUSED', 'Not found.', { details: { status: 404 } });
      }
      const { status, headers, body } = new Response(await openAsBlob(asset.path));
      return { status, headers, body };
    };
}
