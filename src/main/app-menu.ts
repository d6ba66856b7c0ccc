import type { MenuItemConstructorOptions } from 'electron';
import type { Words } from '../shared/words/en.ts';

export interface AppMenuInput {
  readonly platform: NodeJS.Platform;
  readonly isPackaged: boolean;
  readonly words: Words['appMenu'];
}

/**
 * The menu of the window, in place of Electron's own, which reloads pages and opens others. It is at the top of the
 * screen on macOS, where the clipboard's keys work by it alone; elsewhere Alt shows it.
 */
export function appMenu({ platform, isPackaged, words }: AppMenuInput): MenuItemConstructorOptions[] {
  const quit: MenuItemConstructorOptions = { role: 'quit', label: words.quit, accelerator: 'CmdOrCtrl+Q' };
  const close: MenuItemConstructorOptions = { role: 'close', label: words.close };
  const ofApp: MenuItemConstructorOptions[] =
    platform === 'darwin'
      ? [
          { role: 'about', label: words.about },
          { type: 'separator' },
          { role: 'hide', label: words.hide },
          { role: 'hideOthers', label: words.hideOthers },
          { role: 'unhide', label: words.showAll },
          { type: 'separator' },
          close,
          quit,
        ]
      : [close, quit];
  return [
    { label: 'KuBot Runner', submenu: ofApp },
    {
      label: words.edit,
      submenu: [
        { role: 'undo', label: words.undo },
        { role: 'redo', label: words.redo },
        { type: 'separator' },
        { role: 'cut', label: words.cut },
        { role: 'copy', label: words.copy },
        { role: 'paste', label: words.paste },
        { role: 'selectAll', label: words.selectAll },
      ],
    },
    {
      label: words.view,
      submenu: [
        { role: 'zoomIn', label: words.zoomIn },
        { role: 'zoomOut', label: words.zoomOut },
        { role: 'resetZoom', label: words.zoomReset },
        { role: 'minimize', label: words.minimize },
        ...(isPackaged ? [] : [{ role: 'toggleDevTools', label: words.devTools } as const]),
      ],
    },
  ];
}
