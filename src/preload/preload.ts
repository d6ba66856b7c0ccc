import { contextBridge, ipcRenderer } from 'electron';
import { SHELL_CHANNELS } from '../shared/shell-channels.ts';

// The window's only way out. Nothing of Electron is handed over, and no channel but ours; what crosses is checked
// at the other end.
contextBridge.exposeInMainWorld('kubot', {
  ask: (name: Exclude<keyof typeof SHELL_CHANNELS, 'part' | 'go'>, input: unknown) =>
    ipcRenderer.invoke(SHELL_CHANNELS[name], input),
  hear: (name: 'part' | 'go' | 'host', listener: (value: unknown) => void) => {
    ipcRenderer.on(SHELL_CHANNELS[name], (_event, value: unknown) => listener(value));
  },
});
