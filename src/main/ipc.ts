import { type IpcMainInvokeEvent, ipcMain, type WebContents } from 'electron';
import type { z } from 'zod';
import type { Transport } from '../shared/client/transport.ts';
import { AgentError, toAgentError } from '../shared/errors.ts';
import { type HostState, SHELL_INPUTS } from '../shared/shell-api.ts';
import { SHELL_CHANNELS } from '../shared/shell-channels.ts';
import type { Language } from '../shared/words/language.ts';
import type { AutostartSwitch } from './autostart.ts';
import { isOwnPage } from './guard-contents.ts';
import type { SetUp } from './set-up-agent.ts';

type Name = keyof typeof SHELL_INPUTS;

export interface ShellOrders {
  readonly transport: Transport;
  host(): HostState;
  readonly setUp: Pick<SetUp, 'state' | 'check' | 'signIn' | 'signedIn' | 'giveUp' | 'finish'>;
  tryDemo(): Promise<void>;
  startAgent(): void;
  readonly autostart: Pick<AutostartSwitch, 'read' | 'set'>;
  speak(language: Language): void;
}

/** What the window may ask. Who asks is looked at, and what; errors are answered as documents. */
export function serveWindow(orders: ShellOrders): void {
  const streams = new StreamsOfWindow(orders.transport);
  handle('call', ({ method, input }) => orders.transport.call(method, input));
  handle('open', async ({ stream, method, input }, sender) => streams.open(sender, stream, method, input));
  handle('close', async ({ stream }) => streams.close(stream));
  handle('host', async () => orders.host());
  handle('setUpState', () => orders.setUp.state());
  handle('setUpCheck', (input) => orders.setUp.check(input));
  handle('setUpSignIn', (input) => orders.setUp.signIn(input));
  handle('setUpSignedIn', () => orders.setUp.signedIn());
  handle('setUpGiveUp', async () => orders.setUp.giveUp());
  handle('setUpFinish', (choices) => orders.setUp.finish(choices));
  handle('tryDemo', () => orders.tryDemo());
  handle('startAgent', async () => orders.startAgent());
  handle('autostart', () => orders.autostart.read());
  handle('setAutostart', (on) => orders.autostart.set(on));
  handle('language', async (language) => orders.speak(language));
}

function handle<N extends Name>(
  name: N,
  answer: (input: z.output<(typeof SHELL_INPUTS)[N]>, sender: WebContents) => Promise<unknown>,
): void {
  ipcMain.handle(SHELL_CHANNELS[name], async (event, given: unknown) => {
    try {
      assertOurs(event);
      const input = SHELL_INPUTS[name].safeParse(given);
      if (!input.success) throw new AgentError('USAGE', `The window asked for ${name} in a wrong way.`);
      // The table ties the shape to the name, which indexing with a type parameter cannot say.
      const value = await answer(input.data as z.output<(typeof SHELL_INPUTS)[N]>, event.sender);
      return { value: value ?? null };
    } catch (error) {
      return { error: toAgentError(error).toJSON() };
    }
  });
}

/** Only our own page, in its own frame, may ask. */
function assertOurs({ senderFrame, sender }: IpcMainInvokeEvent): void {
  const isTop = senderFrame !== null && senderFrame === sender.mainFrame;
  if (!isTop || !isOwnPage(senderFrame.url)) throw new AgentError('USAGE', 'Only the window may ask this.');
}

/** Values are sent together, at most so often: a message each would take longer than what is in it. */
const TOGETHER_MS = 30;

class StreamsOfWindow {
  readonly #transport: Transport;
  readonly #open = new Map<string, AbortController>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  open(
    sender: WebContents,
    stream: string,
    method: Parameters<Transport['stream']>[0],
    input: unknown,
  ): void {
    if (this.#open.has(stream)) throw new AgentError('USAGE', 'This stream is open already.');
    const leaving = new AbortController();
    this.#open.set(stream, leaving);
    const leave = () => leaving.abort();
    // Going from view to view is a navigation too, but the page stays.
    const leaveWithPage = (event: { isSameDocument?: boolean }, _url: string, isInPlace: boolean) => {
      if (!(event.isSameDocument ?? isInPlace)) leave();
    };
    sender.once('destroyed', leave);
    sender.on('did-start-navigation', leaveWithPage);
    void this.#send(sender, stream, this.#transport.stream(method, input, leaving.signal)).finally(() => {
      this.#open.delete(stream);
      if (sender.isDestroyed()) return;
      sender.off('destroyed', leave);
      sender.off('did-start-navigation', leaveWithPage);
    });
  }

  close(stream: string): void {
    this.#open.get(stream)?.abort();
  }

  async #send(sender: WebContents, stream: string, source: AsyncIterable<readonly unknown[]>): Promise<void> {
    const tell = (part: object) => {
      if (!sender.isDestroyed()) sender.send(SHELL_CHANNELS.part, { stream, ...part });
    };
    let waiting: unknown[] = [];
    let timer: NodeJS.Timeout | undefined;
    const flush = () => {
      clearTimeout(timer);
      timer = undefined;
      if (waiting.length > 0) tell({ values: waiting });
      waiting = [];
    };
    try {
      for await (const values of source) {
        waiting.push(...values);
        timer ??= setTimeout(flush, TOGETHER_MS);
      }
      flush();
      tell({ end: true });
    } catch (error) {
      flush();
      tell({ error: toAgentError(error).toJSON() });
    }
  }
}
