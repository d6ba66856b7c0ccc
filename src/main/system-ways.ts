/** As electron-builder.yml gives it to the Start menu's shortcut: Windows shows notifications where the two match. */
export const APP_ID = 'com.kuflow.kubot-runner';

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

/** What of the tray's icon opens the window. macOS opens the menu at a click, Linux desktops do as they like. */
export function trayOpener(platform: NodeJS.Platform): 'click' | 'double-click' {
  return platform === 'win32' ? 'click' : 'double-click';
}
