const PATHS = {
  now: 'M8 1.75a6.25 6.25 0 1 0 0 12.5 6.25 6.25 0 0 0 0-12.5ZM8 4.5V8l2.5 1.75',
  runs: 'M2.5 4h.01M5.5 4h8M2.5 8h.01M5.5 8h8M2.5 12h.01M5.5 12h8',
  robots:
    'M4.5 6.25h7a1.5 1.5 0 0 1 1.5 1.5v4a1.5 1.5 0 0 1-1.5 1.5h-7a1.5 1.5 0 0 1-1.5-1.5v-4a1.5 1.5 0 0 1 1.5-1.5ZM8 6.25V3M6.25 9.25v.75M9.75 9.25v.75M1.25 9v1.5M14.75 9v1.5',
  settings: 'M2 4.5h6.5M12.5 4.5H14M2 11.5h1.5M7.5 11.5H14M10.5 2.75v3.5M5.5 9.75v3.5',
  health: 'M1.75 8.5h2.5l1.75-4.5 3 8 2-5 .9 1.5h2.35',
  play: 'M5 3.25v9.5L12.5 8Z',
  stop: 'M4.25 4.25h7.5v7.5h-7.5Z',
  pause: 'M5.5 3.5v9M10.5 3.5v9',
  check: 'M3.25 8.5l3.25 3.25 6.25-7',
  cross: 'M4.25 4.25l7.5 7.5M11.75 4.25l-7.5 7.5',
  alert: 'M8 3.25v6M8 12.5v.01',
  slash: 'M3.75 12.25l8.5-8.5',
  wait: 'M4.5 2.5h7M4.5 13.5h7M5.25 2.5v2.25L8 8l2.75-3.25V2.5M5.25 13.5v-2.25L8 8l2.75 3.25v2.25',
  dots: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  down: 'M4 6l4 4 4-4',
  right: 'M6 3.5L10.5 8 6 12.5',
  left: 'M10 3.5L5.5 8l4.5 4.5',
  search: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.25 10.25L13.5 13.5',
  copy: 'M6 5.75h7v7.5H6ZM3 10.25v-7.5h7',
  save: 'M8 2.5v7.5M4.75 7L8 10.25 11.25 7M2.75 13.25h10.5',
  follow: 'M8 2.5v9M4.5 8L8 11.5 11.5 8M3.5 14h9',
  again: 'M13 8a5 5 0 1 1-1.6-3.65M13 2.5v3h-3',
  lock: 'M4 7.25h8v6H4ZM5.5 7.25V5a2.5 2.5 0 0 1 5 0v2.25',
  file: 'M4 1.75h5l3 3v9.5H4ZM9 1.75v3h3',
  prepare: 'M8 2v6M5.5 5.75L8 8.25l2.5-2.5M2.5 9.5v4h11v-4',
} as const;

export type IconName = keyof typeof PATHS;

/** Always beside a word, or inside a button that has one for those who hear it. */
export function Icon({ name, filled = false }: { name: IconName; filled?: boolean }) {
  return (
    <svg className={filled ? 'icon icon-filled' : 'icon'} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
