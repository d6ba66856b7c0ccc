import type { App, Session, WebContents } from 'electron';
import { APP_ORIGIN } from './app-protocol.ts';

/** No page of ours goes anywhere, opens anything or is given anything: Electron's checklist, for every page there is. */
export function guardContents(app: App): void {
  app.on('web-contents-created', (_event, contents) => guard(contents));
}

function guard(contents: WebContents): void {
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event, url) => {
    if (!isOwnPage(url)) event.preventDefault();
  });
  contents.on('will-redirect', (event) => event.preventDefault());
}

/** Writing to the clipboard is all that the page may ask for. */
export function refusePermissions(session: Session): void {
  session.setPermissionRequestHandler((_contents, permission, answer) => answer(isGranted(permission)));
  session.setPermissionCheckHandler((_contents, permission) => isGranted(permission));
}

export function isOwnPage(url: string): boolean {
  return (
    url === `${APP_ORIGIN}/` ||
    url.startsWith(`${APP_ORIGIN}/#`) ||
    url.startsWith(`${APP_ORIGIN}/index.html`)
  );
}

function isGranted(permission: string): boolean {
  return permission === 'clipboard-sanitized-write';
}
