import { join } from 'node:path';
import { Menu, type MenuItemConstructorOptions, nativeImage, nativeTheme, Tray } from 'electron';
import { barColourOf, trayOpener } from './system-ways.ts';
import { type TrayInput, type TrayState, trayHeadline, trayMenu, trayStateOf } from './tray-menu.ts';
import type { TrayItem, TrayOrder } from './tray-order.ts';

export interface AppTray {
  /** Draws what is known now; nothing happens where nothing changed. */
  show(input: TrayInput): void;
  close(): void;
}

/** The icon that tells the truth at a glance. */
export function openTray(iconsDir: string, onOrder: (order: TrayOrder) => void): AppTray {
  const tray = new Tray(iconOf('idle', iconsDir));
  let shown = '';
  let state: TrayState = 'idle';
  const redraw = () => tray.setImage(iconOf(state, iconsDir));
  nativeTheme.on('updated', redraw);
  const open = () => onOrder({ do: 'open', hash: '' });
  // Not one call: of the two names each has overloads of its own.
  if (trayOpener(process.platform) === 'click') tray.on('click', open);
  else tray.on('double-click', open);
  return {
    show: (input) => {
      const items = trayMenu(input);
      const next = trayStateOf(input);
      const now = JSON.stringify([next, items]);
      if (now === shown) return;
      shown = now;
      state = next;
      redraw();
      tray.setToolTip(input.words.tray.tooltip(trayHeadline(input)));
      tray.setContextMenu(Menu.buildFromTemplate(items.map((item) => template(item, onOrder))));
    },
    close: () => {
      nativeTheme.off('updated', redraw);
      tray.destroy();
    },
  };
}

function template(item: TrayItem, onOrder: (order: TrayOrder) => void): MenuItemConstructorOptions {
  if (item.isSeparator) return { type: 'separator' };
  const { label, items, order, isChecked } = item;
  if (items) return { label, submenu: items.map((child) => template(child, onOrder)) };
  if (isChecked && order) return { label, type: 'checkbox', checked: true, click: () => onOrder(order) };
  return order === undefined ? { label, enabled: false } : { label, click: () => onOrder(order) };
}

/** macOS colours templates itself; elsewhere the icon is drawn for a light or a dark bar. */
function iconOf(state: TrayState, iconsDir: string): Electron.NativeImage {
  const name = process.platform === 'darwin' ? `${state}Template.png` : `${state}-${barColour()}.png`;
  const icon = nativeImage.createFromPath(join(iconsDir, name));
  if (process.platform === 'darwin') icon.setTemplateImage(true);
  return icon;
}

/** Older Electrons do not tell of the bar, whose colour Windows keeps apart from that of windows. */
function barColour(): 'light' | 'dark' {
  const { shouldUseDarkColors, shouldUseDarkColorsForSystemIntegratedUI: isBarDark = shouldUseDarkColors } =
    nativeTheme;
  return barColourOf(process.platform, isBarDark);
}
