const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const ISO_MOMENT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g;

/** Numbers, times and sizes as a language writes them. */
export interface Format {
  number(value: number): string;
  /** @param value of a hundred */
  percent(value: number): string;
  bytes(value: number): string;
  /** "42 ms", "3.4s", "1m 42s", "2h 5m". */
  duration(ms: number): string;
  /** "1:42", for what goes on. */
  stopwatch(ms: number): string;
  /** "14:02:11". */
  clock(iso: string): string;
  /** "14:02"; with its day when that is another one. */
  moment(iso: string, nowMs: number): string;
  /** A sentence of the agent's, its moments (`2026-03-10T11:57:00.000Z`) as `moment` writes them. */
  sentence(text: string, nowMs: number): string;
  /** Up to a day "3 minutes ago", else the date. */
  ago(iso: string, nowMs: number): string;
  /** Everything, for a tooltip. */
  exact(iso: string): string;
  /** "12 Mar", of a calendar day. */
  day(date: string): string;
}

export function createFormat(locale: string): Format {
  const number = new Intl.NumberFormat(locale);
  const percent = new Intl.NumberFormat(locale, { style: 'percent' });
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
  const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit', hour12: false });
  const date = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short' });
  const dateTime = new Intl.DateTimeFormat(locale, {
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hour12: false,
  });
  const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'medium' });
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });
  const unit = (value: number, name: string, digits = 0, display: 'short' | 'narrow' = 'short') =>
    new Intl.NumberFormat(locale, {
      style: 'unit',
      unit: name,
      unitDisplay: display,
      maximumFractionDigits: digits,
    }).format(value);
  const whole = (ms: number, size: number) => Math.floor(ms / size);
  const narrow = (value: number, name: string, digits = 0) => unit(value, name, digits, 'narrow');
  const joined = (ms: number, [large, largeName]: Unit, [small, smallName]: Unit) => {
    const rest = whole(ms % large, small);
    return `${narrow(whole(ms, large), largeName)}${rest === 0 ? '' : ` ${narrow(rest, smallName)}`}`;
  };
  const moment = (iso: string, nowMs: number) => {
    const when = new Date(iso);
    return when.toDateString() === new Date(nowMs).toDateString() ? time.format(when) : dateTime.format(when);
  };
  return {
    number: (value) => number.format(value),
    percent: (value) => percent.format(value / 100),
    bytes: (value) => {
      if (value < 1000) return narrow(value, 'byte');
      if (value < 1_000_000) return unit(value / 1000, 'kilobyte', 1);
      if (value < 1_000_000_000) return unit(value / 1_000_000, 'megabyte', 1);
      return unit(value / 1_000_000_000, 'gigabyte', 1);
    },
    duration: (ms) => {
      if (ms < SECOND) return unit(Math.round(ms), 'millisecond');
      if (ms < 10 * SECOND) return narrow(ms / SECOND, 'second', 1);
      if (ms < MINUTE) return narrow(ms / SECOND, 'second');
      if (ms < HOUR) return joined(ms, [MINUTE, 'minute'], [SECOND, 'second']);
      if (ms < DAY) return joined(ms, [HOUR, 'hour'], [MINUTE, 'minute']);
      return joined(ms, [DAY, 'day'], [HOUR, 'hour']);
    },
    stopwatch: (ms) => {
      const two = (value: number) => String(value).padStart(2, '0');
      const positive = Math.max(0, ms);
      const minutes = `${whole(positive % HOUR, MINUTE)}:${two(whole(positive % MINUTE, SECOND))}`;
      return positive < HOUR ? minutes : `${whole(positive, HOUR)}:${minutes.padStart(5, '0')}`;
    },
    clock: (iso) => clock.format(new Date(iso)),
    moment,
    sentence: (text, nowMs) => text.replace(ISO_MOMENT, (iso) => moment(iso, nowMs)),
    ago: (iso, nowMs) => {
      const past = nowMs - Date.parse(iso);
      if (past < MINUTE) return relative.format(-Math.max(0, whole(past, SECOND)), 'second');
      if (past < HOUR) return relative.format(-whole(past, MINUTE), 'minute');
      if (past < DAY) return relative.format(-whole(past, HOUR), 'hour');
      return dateTime.format(new Date(iso));
    },
    exact: (iso) => exact.format(new Date(iso)),
    day: (text) => date.format(new Date(`${text}T12:00:00`)),
  };
}

type Unit = readonly [size: number, name: string];
