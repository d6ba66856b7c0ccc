import { AgentError } from '../../shared/errors.ts';
import { ApiError } from '../api-error.ts';
import type { Asset, AssetProvider, AssetRequest } from '../asset-provider.ts';
import type { Robot } from '../model.ts';
import { ofTenant, pageOf } from '../paging.ts';
import type { Operation, PlatformState } from '../platform-state.ts';
import { robotInPage, robotToWire } from '../wire.ts';

export const findRobots: Operation = ({ state, query }) => {
  const robots = ofTenant(state, query, state.store.all('robot'));
  const all = robots.filter((robot) => query.filterContext !== 'READY' || robot.ready);
  return {
    status: 200,
    body: pageOf(all, query, ['createdAt', 'lastModifiedAt'], (robot) => robotInPage(state, robot)),
  };
};

export const retrieveRobot: Operation = ({ state, id }) => ({
  status: 200,
  body: robotToWire(state, robotOf(state, id)),
});

export const downloadRobotSourceCode: Operation = ({ state, id }) => {
  const { file } = robotOf(state, id);
  return {
    status: 200,
    file: {
      path: state.files.pathOf(file.id),
      lengthBytes: file.lengthBytes,
      etag: `"${file.hashes.sha256.slice(0, 32)}"`,
    },
  };
};

export const downloadRobotAsset: Operation = async ({ state, id, query }) => {
  robotOf(state, id);
  const request = query as unknown as AssetRequest;
  const asset = await findAsset(state.assets, {
    type: request.type,
    version: request.version,
    platform: request.platform,
    architecture: request.architecture,
  });
  if (!asset) {
    const { type, version, platform, architecture } = request;
    throw new ApiError(404, `There is no ${type} ${version} for ${platform} ${architecture}`);
  }
  return {
    status: 200,
    file: {
      path: asset.path,
      lengthBytes: asset.lengthBytes,
      etag: `"${request.type}-${asset.version}-${asset.lengthBytes}"`,
    },
  };
};

/** @throws ApiError 503 where the provider says why it has none now: that is not the same as having none */
async function findAsset(assets: AssetProvider, request: AssetRequest): Promise<Asset | null> {
  try {
    return await assets.find(request);
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    throw new ApiError(503, error.message, [{ code: error.code, message: error.message }]);
  }
}

function robotOf(state: PlatformState, id: string): Robot {
  const robot = state.store.find('robot', id);
  if (!robot) throw new ApiError(404, `Robot ${id} not found`);
  return robot;
}
