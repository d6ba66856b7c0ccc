/** Names of what goes between the window and the shell. Apart from their shapes: the preload script is these lines. */
export const SHELL_CHANNELS = {
  call: 'kubot:call',
  open: 'kubot:open',
  close: 'kubot:close',
  part: 'kubot:part',
  go: 'kubot:go',
  host: 'kubot:host',
  setUpState: 'kubot:set-up-state',
  setUpCheck: 'kubot:set-up-check',
  setUpGiveUp: 'kubot:set-up-give-up',
  setUpFinish: 'kubot:set-up-finish',
  tryDemo: 'kubot:try-demo',
  startAgent: 'kubot:start-agent',
  autostart: 'kubot:autostart',
  setAutostart: 'kubot:set-autostart',
  language: 'kubot:language',
} as const;
