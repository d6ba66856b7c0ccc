import { powerMonitor } from 'electron';
import type { AgentClient } from '../shared/client/agent-client.ts';

export interface PowerOptions {
  readonly client: Pick<AgentClient, 'call'>;
  /** The machine, or the session, ends, or somebody told the app to: what runs is ended now, and the app with it. */
  readonly onShutdown: () => void;
}

/**
 * Tells the agent what the system does with the machine. Windows tells of the session's end through a window alone
 * (`session-end`); with the window closed the agent is ended like everything else, and settles at its next start.
 */
export function watchPower({ client, onShutdown }: PowerOptions): void {
  // An agent that is away needs to know nothing.
  const tell = (what: 'suspend' | 'reconnect') => void client.call(what).catch(() => undefined);
  powerMonitor.on('suspend', () => tell('suspend'));
  powerMonitor.on('resume', () => tell('reconnect'));
  // Electron's types have no event here; its documentation has, and waits for us if it is prevented.
  (powerMonitor as NodeJS.EventEmitter).on('shutdown', (event?: Electron.Event) => {
    event?.preventDefault();
    onShutdown();
  });
  // Whoever sends a signal sees no question, and would wait for its answer: a session that ends, systemd, a terminal.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    // A library listens since before Electron took the signals; only what begins to listen after that hears them.
    process.removeAllListeners(signal);
    process.once(signal, onShutdown);
  }
}
