import { BrowserWindow, screen } from 'electron';
import { APP_ORIGIN } from './app-protocol.ts';
import type { ShellStore } from './shell-store.ts';

const MIN_WIDTH = 720;
const MIN_HEIGHT = 480;

/** The one window. Closing it destroys its page and gives its memory back; the tray and the agent go on. */
export class MainWindow {
  readonly #preloadPath: string;
  readonly #store: ShellStore;
  readonly #onSessionEnd: () => void;
  #window: BrowserWindow | null = null;

  /** @param onSessionEnd Windows alone tells, and only a window */
  constructor(preloadPath: string, store: ShellStore, onSessionEnd: () => void) {
    this.#preloadPath = preloadPath;
    this.#store = store;
    this.#onSessionEnd = onSessionEnd;
  }

  get webContents(): Electron.WebContents | null {
    return this.#window?.webContents ?? null;
  }

  /** Opens it, or brings it to the front. @param hash where in the page to go */
  show(hash = ''): void {
    if (this.#window !== null) {
      if (this.#window.isMinimized()) this.#window.restore();
      this.#window.show();
      this.#window.focus();
      if (hash !== '') this.#go(this.#window, hash);
      return;
    }
    const window = new BrowserWindow({
      ...this.#place(),
      minWidth: MIN_WIDTH,
      minHeight: MIN_HEIGHT,
      show: false,
      title: 'KuBot Runner',
      autoHideMenuBar: true,
      backgroundColor: '#f9fafc',
      webPreferences: {
        preload: this.#preloadPath,
        contextIsolation: true,
        sandbox: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
      },
    });
    this.#window = window;
    window.once('ready-to-show', () => window.show());
    window.on('close', () => this.#store.saveWindow(window.getNormalBounds()));
    window.on('session-end', this.#onSessionEnd);
    window.on('closed', () => {
      this.#window = null;
    });
    this.#load(window, hash);
  }

  close(): void {
    this.#window?.close();
  }

  /** A page that is not there yet hears of nothing: it is opened anew, where it is to be. */
  #go(window: BrowserWindow, hash: string): void {
    if (window.webContents.isLoadingMainFrame()) this.#load(window, hash);
    else window.webContents.send('kubot:go', hash);
  }

  /** It fails when it is closed, or opened anew, on the way. */
  #load(window: BrowserWindow, hash: string): void {
    window.loadURL(`${APP_ORIGIN}/${hash}`).catch(() => undefined);
  }

  /** Where it was, if there is still a screen. */
  #place(): Electron.Rectangle | { width: number; height: number } {
    const saved = this.#store.window();
    const isInSight =
      saved !== null &&
      screen.getAllDisplays().some(({ workArea }) => {
        return (
          saved.x < workArea.x + workArea.width &&
          saved.x + saved.width > workArea.x &&
          saved.y < workArea.y + workArea.height &&
          saved.y >= workArea.y - 1
        );
      });
    return saved !== null && isInSight ? saved : { width: 960, height: 640 };
  }
}
