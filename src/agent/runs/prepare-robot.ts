import { AgentError } from '../../shared/errors.ts';
import type { RobotSettings } from '../../shared/robot-settings.ts';
import type { Settings } from '../../shared/settings.ts';
import type { SignatureView } from '../../shared/signature.ts';
import type { AgentLog } from '../logs/agent-log.ts';
import { checkPublisher, type PinnedKeys } from '../packages/check-publisher.ts';
import type { OpenDownload } from '../packages/download.ts';
import type { Manifest } from '../packages/manifest.ts';
import type { PackageStore } from '../packages/package-store.ts';
import type { Environment, EnvironmentStore, PostInstallFolders } from '../runtimes/environment-store.ts';
import type { InstalledRuntime, RuntimeStore } from '../runtimes/runtime-store.ts';
import type { CatalogueRobot } from '../worker/robot-catalogue.ts';

/** A robot's revision, ready to run. A run keeps the one it started with. */
export interface PreparedRobot {
  robotId: string;
  revision: string;
  manifest: Manifest;
  environment: Environment;
  /** The folders that its runs need: of package, runtimes and environment. */
  places: readonly string[];
  /** Of the package; null: signatures are not looked at. */
  signature: SignatureView | null;
  /** Said in each run's log: unknown keys of the manifest, another runtime than the one asked for. */
  warnings: string[];
}

/** Where preparing gets what it needs. */
export interface PrepareParts {
  packages: PackageStore;
  runtimes: RuntimeStore;
  environments: EnvironmentStore;
  pinnedKeys: PinnedKeys;
  openRobotSource: (robotId: string) => OpenDownload;
  /** The variables that post-install sees. */
  postInstallVariables: (robot: CatalogueRobot, folders: PostInstallFolders) => Record<string, string>;
  /** What preparing must show nowhere. */
  secretsOf: (robot: CatalogueRobot) => readonly string[];
  settingsFor: (robotCode: string) => Settings & RobotSettings;
  log: AgentLog;
  closing: AbortSignal;
}

/** Of a download; nulls for steps whose end cannot be foreseen. */
export interface StepProgress {
  bytes: number | null;
  totalBytes: number | null;
}

/**
 * Package → manifest → runtimes → environment; each is found or made by its store.
 * @throws AgentError of package blame, of host blame, or INTERRUPTED
 */
export async function prepareRobot(
  robot: CatalogueRobot,
  parts: PrepareParts,
  onProgress: (step: string, progress: StepProgress) => void,
): Promise<PreparedRobot> {
  const { packages, runtimes, environments, closing, log } = parts;
  const settings = parts.settingsFor(robot.code);
  const warnings: string[] = [];
  const warn = (message: string) => {
    warnings.push(message);
  };
  if (robot.sourceFile === null) {
    throw new AgentError('HOST_ARCHITECTURE', `${robot.code} has no package that this version can run.`);
  }
  const unpacked = await packages.ensurePackage({
    robotId: robot.id,
    robotCode: robot.code,
    revision: robot.revision,
    sourceFile: robot.sourceFile,
    open: parts.openRobotSource(robot.id),
    signal: closing,
    onProgress: (progress) => onProgress('downloading the package', progress),
  });
  warnings.push(...unpacked.warnings);
  const publisher = await checkPublisher({
    robotCode: robot.code,
    packageDir: unpacked.dir,
    settings,
    pinned: parts.pinnedKeys,
  });
  warnings.push(...publisher.warnings);
  const installed: InstalledRuntime[] = [];
  for (const kind of ['python', 'nodejs'] as const) {
    const version = unpacked.manifest.tools[kind];
    if (version === undefined) continue;
    const runtime = await runtimes.ensureRuntime({
      robotId: robot.id,
      kind,
      version,
      signal: closing,
      onProgress: (progress) => onProgress(`downloading ${nameOf(kind)} ${version}`, progress),
      warn,
    });
    checkVersion(kind, version, runtime.version, settings.runtimeMismatch, warn);
    installed.push(runtime);
  }
  const environment = await environments.ensureEnvironment({
    robotCode: robot.code,
    packageDigest: unpacked.digest,
    packageDir: unpacked.dir,
    manifest: unpacked.manifest,
    runtimes: installed,
    variables: (folders) => parts.postInstallVariables(robot, folders),
    secrets: parts.secretsOf(robot),
    signal: closing,
    onStep: (step) => onProgress(step.name, { bytes: null, totalBytes: null }),
    log: (line) => log.debug('Preparing', { robot: robot.code, line }),
    warn,
  });
  const places = [unpacked.dir, ...installed.map((runtime) => runtime.root), environment.dir];
  return {
    robotId: robot.id,
    revision: robot.revision,
    manifest: unpacked.manifest,
    environment,
    places,
    signature: publisher.signature,
    warnings,
  };
}

function nameOf(kind: 'python' | 'nodejs'): string {
  return kind === 'python' ? 'Python' : 'Node.js';
}

/** `3.11` asked and 3.11.7 installed is no difference; 3.11.4 and 3.11.7 is. */
function checkVersion(
  kind: 'python' | 'nodejs',
  asked: string,
  installed: string,
  policy: 'warn' | 'refuse',
  warn: (message: string) => void,
): void {
  if (installed === asked || installed.startsWith(`${asked}.`)) return;
  const message = `kubot.yaml asks for ${nameOf(kind)} ${asked}; the platform served ${installed}.`;
  if (policy === 'refuse') {
    throw new AgentError(
      'RUNTIME_UNAVAILABLE',
      `${message} This host refuses substitutes (runtimeMismatch).`,
    );
  }
  warn(message);
}
