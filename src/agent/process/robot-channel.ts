import type { ChildProcess } from 'node:child_process';
import { Server } from 'node:net';

export interface ChannelMessage {
  content: unknown;
  /** A listening socket that the program handed over. */
  server: Server | undefined;
}

/** Node's own channel to a program of ours that will become the robot; it closes when it does. */
export interface RobotChannel {
  /** The next message. Rejects when the program ended or closed the channel. */
  receive(): Promise<ChannelMessage>;
  send(content: Record<string, unknown>): void;
  /** Settles when the other side has gone. */
  readonly closed: Promise<void>;
}

/** Of a child that was spawned with `ipc` among its descriptors. */
export function openChannel(child: ChildProcess): RobotChannel {
  const arrived: ChannelMessage[] = [];
  const waiting: { resolve: (message: ChannelMessage) => void; reject: (error: Error) => void }[] = [];
  let gone = false;
  const closed = new Promise<void>((resolve) => {
    const leave = () => {
      gone = true;
      for (const { reject } of waiting.splice(0)) reject(new Error('The program ended before it was ready.'));
      resolve();
    };
    child.once('disconnect', leave);
    child.once('exit', leave);
  });
  child.on('message', (content, handle) => {
    const message = { content, server: handle instanceof Server ? handle : undefined };
    const next = waiting.shift();
    if (next) next.resolve(message);
    else arrived.push(message);
  });
  return {
    closed,
    receive: () =>
      new Promise((resolve, reject) => {
        const message = arrived.shift();
        if (message) resolve(message);
        else if (gone) reject(new Error('The program ended before it was ready.'));
        else waiting.push({ resolve, reject });
      }),
    // A program that is gone is seen by its exit.
    send: (content) => void child.send(content, () => undefined),
  };
}
