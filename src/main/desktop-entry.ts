/** What the Desktop Entry Specification calls reserved in an argument of `Exec`; such an argument is quoted. */
const RESERVED = /[\s"'\\><~|&;$*?#()`]/;

/**
 * An entry of the XDG autostart folder.
 * @throws RangeError for a command that holds a line break: an entry cannot say it
 */
export function autostartEntry({ name, command }: { name: string; command: readonly string[] }): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Version=1.5',
    `Name=${name}`,
    `Exec=${command.map(execArgument).join(' ')}`,
    'Terminal=false',
    'StartupNotify=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n');
}

/** An entry of a person that takes back the one of the whole machine, or of a desktop's own settings. */
export function hiddenEntry(name: string): string {
  return ['[Desktop Entry]', 'Type=Application', `Name=${name}`, 'Hidden=true', ''].join('\n');
}

/** False for an entry that was switched off, by us or in a desktop's settings. */
export function isEntryOn(text: string): boolean {
  return !/^(Hidden\s*=\s*true|X-GNOME-Autostart-enabled\s*=\s*false)\s*$/m.test(text);
}

function execArgument(argument: string): string {
  if (/[\n\r]/.test(argument)) throw new RangeError('A desktop entry holds no line breaks.');
  const plain = argument.replaceAll('%', '%%');
  if (plain !== '' && !RESERVED.test(plain)) return plain;
  const quoted = plain.replace(/["`$\\]/g, '\\$&');
  // The value of a key is unescaped once more, before the quotes are looked at.
  return `"${quoted.replaceAll('\\', '\\\\')}"`;
}
