/**
 * Text of robots, packages and servers as a terminal may show it: control characters and characters that turn
 * the direction of writing are spelled out, or a log line could move the cursor or hide what follows.
 */
export function printable(text: string): string {
  return text.replace(UNSAFE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** C0 but tab, DEL, C1, line and paragraph separators, and Unicode's direction marks. */
const UNSAFE = /[^\P{Cc}\t]|[\u2028-\u202e\u2066-\u2069]/gu;

/** `840 ms`, `12.3 s`, `4 min 05 s`, `2 h 10 min`; a dash for none. */
export function duration(milliseconds: number | null): string {
  if (milliseconds === null) return '–';
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${two(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${two(Math.floor((seconds % 3600) / 60))} min`;
}

/** `14:02:11` here; with its date when it is not of today. A dash for none. */
export function localTime(time: string | null, now = new Date()): string {
  if (time === null) return '–';
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return printable(time);
  const two = (value: number) => String(value).padStart(2, '0');
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':');
  if (date.toDateString() === now.toDateString()) return clock;
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`;
}

/** The end of an id: its first digits are the clock and alike in neighbours. */
export function shortId(id: string): string {
  return id.slice(-8);
}

/** `1 task`, `3 tasks`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
