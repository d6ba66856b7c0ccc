/** As electron-builder.yml gives it to the Start menu's shortcut: Windows shows notifications where the two match. */
export const APP_ID = 'com.kuflow.kubot-runner';

/** Of the links that lead into the window. */
export const LINK_SCHEME = 'kubot-runner';

export interface Program {
  readonly platform: NodeJS.Platform;
  readonly isPackaged: boolean;
  readonly execPath: string;
}

/** Whom Windows takes the program for; null: another system, which does not ask. */
export function userModelId({ platform, isPackaged, execPath }: Program): string | null {
  if (platform !== 'win32') return null;
  // From a checkout there is no shortcut but perhaps one of Electron's.
  return isPackaged ? APP_ID : execPath;
}

/**
 * What Electron's `setAsDefaultProtocolClient` is told, so that the system hands links to this program; null: it is
 * told nothing. Of a checkout the system would start a bare Electron with the link: Windows alone can be told of the
 * app behind it.
 */
export function linkHandler(
  { platform, isPackaged, execPath }: Program,
  appPath: string,
): [scheme: string, path?: string, args?: string[]] | null {
  if (isPackaged) return [LINK_SCHEME];
  return platform === 'win32' ? [LINK_SCHEME, execPath, [quoted(appPath)]] : null;
}

/** A path, or a flag, in a command line of Windows: it splits at spaces, and runs what `C:\Program` would be. */
export function quoted(text: string): string {
  return text.includes(' ') ? `"${text}"` : text;
}

/** What of the tray's icon opens the window. macOS opens the menu at a click, Linux desktops do as they like. */
export function trayOpener(platform: NodeJS.Platform): 'click' | 'double-click' {
  return platform === 'win32' ? 'click' : 'double-click';
}

/** Of the bar that the tray's icon is drawn for: those of most Linux desktops are dark whatever their windows are. */
export function barColourOf(platform: NodeJS.Platform, isDark: boolean): 'light' | 'dark' {
  return platform === 'linux' || isDark ? 'dark' : 'light';
}
