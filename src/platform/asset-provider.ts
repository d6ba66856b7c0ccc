/** What the API's download-asset is asked for. */
export interface AssetRequest {
  type: 'PYTHON' | 'PYTHON_PIP' | 'NODEJS';
  version: string;
  platform: 'WINDOWS' | 'MAC_OS' | 'LINUX';
  architecture: 'X86_32' | 'X86_64';
}

/** A file ready to be served. */
export interface Asset {
  path: string;
  lengthBytes: number;
  /** The version actually served, which may stand in for the one asked for. */
  version: string;
}

export interface AssetProvider {
  /** Null: there is no such asset, nor one that may stand in for it. */
  find(request: AssetRequest): Promise<Asset | null>;
}
