import { randomBytes } from 'node:crypto';
import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';

const XVFB_PATHS = ['/usr/bin/Xvfb', '/usr/local/bin/Xvfb', '/usr/X11R6/bin/Xvfb'];
export const SCREEN_SIZE = '1920x1080x24';

/** The X server that a private screen is made with; undefined: this host has none. */
export function findXvfb(paths: readonly string[] = XVFB_PATHS): string | undefined {
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/**
 * An X authority file with one entry that fits every display: family Wild, no address, no number, then name and
 * 128 random bits; each field has its length before it (Xau's format, big endian).
 */
export function screenAuthority(cookie: Buffer = randomBytes(16)): Buffer {
  const field = (content: Buffer) => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(content.length);
    return Buffer.concat([length, content]);
  };
  const nothing = Buffer.alloc(0);
  return Buffer.concat([
    Buffer.of(0xff, 0xff),
    ...[nothing, nothing, Buffer.from('MIT-MAGIC-COOKIE-1'), cookie].map(field),
  ]);
}

/**
 * The one socket by which this host's screen is reached, with what else that takes, and the variables that name it.
 * @param variables those of the host that the robot was given
 */
export function hostScreen(
  variables: Readonly<Record<string, string>>,
  userHome: string,
): { paths: string[]; variables: Record<string, string> } {
  const { DISPLAY, WAYLAND_DISPLAY, XDG_RUNTIME_DIR } = variables;
  const paths: string[] = [];
  const added: Record<string, string> = {};
  const display = /^(?:unix)?:(\d+)(\.\d+)?$/.exec(DISPLAY ?? '')?.[1];
  if (display !== undefined) {
    // The robot's own HOME is another one.
    added.XAUTHORITY = variables.XAUTHORITY ?? join(userHome, '.Xauthority');
    paths.push(`/tmp/.X11-unix/X${display}`, added.XAUTHORITY);
  }
  if (WAYLAND_DISPLAY !== undefined) {
    const socket = isAbsolute(WAYLAND_DISPLAY)
      ? WAYLAND_DISPLAY
      : XDG_RUNTIME_DIR && join(XDG_RUNTIME_DIR, WAYLAND_DISPLAY);
    if (socket) paths.push(socket);
  }
  return { paths, variables: added };
}
