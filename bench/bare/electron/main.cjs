// An Electron app and nothing else: `none` opens no window, `window` opens one, `hidden` opens one and hides it.
const { app, BrowserWindow } = require('electron');

const mode = process.argv.at(-1);
const PAGE = `<!doctype html><title>bare</title><button onclick="this.textContent = 'done'">do</button>`;

app.on('window-all-closed', () => {});
app.whenReady().then(async () => {
  if (mode === 'none') return;
  const window = new BrowserWindow({ width: 960, height: 640 });
  await window.loadURL(`data:text/html,${encodeURIComponent(PAGE)}`);
  if (mode === 'hidden') window.hide();
});
