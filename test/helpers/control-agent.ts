import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { type ControlServer, startControlServer } from '../../src/agent/control/control-server.ts';
import { homePaths } from '../../src/agent/home/home-paths.ts';
import type { ControlHandlers } from '../../src/shared/control-api.ts';
import { AgentError } from '../../src/shared/errors.ts';

/** The control API of a home, answering what a test gives; all else is not there. */
export interface ControlAgent extends ControlServer {
  /** What went into its diary. */
  readonly logged: string[];
}

export async function startControlAgent(
  home: string,
  handlers: Partial<ControlHandlers>,
  socketPath = homePaths(home).socket,
): Promise<ControlAgent> {
  const logged: string[] = [];
  const server = await startControlServer({
    socketPath,
    admit: () => handlersOf(handlers),
    log: { error: (message, fields) => logged.push(`${message} ${String(fields.message)}`) },
  });
  writeHolder(home, socketPath);
  return { logged, close: () => server.close() };
}

/** Handlers of which only some are there. */
export function handlersOf(handlers: Partial<ControlHandlers>): ControlHandlers {
  return new Proxy(handlers, {
    get: (given, method) =>
      Reflect.get(given, method) ??
      (() => Promise.reject(new AgentError('UNEXPECTED', `No ${String(method)} here.`))),
  }) as ControlHandlers;
}

/** Says where the agent of a home is to be reached. */
export function writeHolder(home: string, socketPath: string): void {
  const startedAt = '2026-01-02T03:04:05.000Z';
  writeFileSync(
    homePaths(home).holder,
    JSON.stringify({ pid: process.pid, startedAt, socketPath, version: '1' }),
  );
}

/** What the server answers to these bytes, until it closes the connection. */
export function askRaw(socketPath: string, ...parts: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(socketPath, () => {
      for (const part of parts) socket.write(part);
    });
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}
