import { setTimeout as sleep } from 'node:timers/promises';
import type { Agent } from '../../agent/agent.ts';
import { bytes } from '../../shared/byte-text.ts';
import type { ControlHandlers, Progress } from '../../shared/control-api.ts';
import type { Run } from '../../shared/run.ts';
import { logLineText } from '../log-lines.ts';
import { runSentence } from '../run-table.ts';
import type { Terminal } from '../terminal.ts';
import { printable } from '../text.ts';

/** How long the last lines of ended runs may take to be shown. */
const LAST_LINES_MS = 1000;

/** What is needed of an agent to follow it. */
type Followed = Pick<Agent, 'on'> & { readonly handlers: Pick<ControlHandlers, 'logs'> };

/**
 * Shows what the agent does as it does it: downloads with their progress, installs, the robots' lines.
 * @returns how to stop, once the last lines are shown
 */
export function followDemo(agent: Followed, terminal: Terminal): () => Promise<void> {
  const leaving = new AbortController();
  const logs = new Map<string, Promise<void>>();
  const progress = createProgressLines(terminal);
  const stop = agent.on((event) => {
    switch (event.event) {
      case 'registered':
        terminal.progress(`Agent     registered as ${printable(event.worker)}`);
        break;
      case 'progress':
        progress(event.progress);
        break;
      case 'run-started':
        logs.set(event.run.id, showLog(agent, event.run, terminal, leaving.signal));
        break;
      case 'run-ended':
        logs.set(event.run.id, showEnd(event.run, terminal, logs.get(event.run.id)));
        break;
      case 'drained':
        break;
    }
  });
  return async () => {
    stop();
    await Promise.race([Promise.all(logs.values()), sleep(LAST_LINES_MS, undefined, { ref: false })]);
    leaving.abort();
  };
}

/** How a run ended, below its last line. */
async function showEnd(run: Run, terminal: Terminal, log: Promise<void> | undefined): Promise<void> {
  await log;
  terminal.progress(terminal.style(run.outcome === 'succeeded' ? 'green' : 'red', runSentence(run)));
}

/** A line when a step begins; where a screen can show it, how far it has come. */
export function createProgressLines(terminal: Terminal): (progress: Progress) => void {
  const steps = new Map<string, string>();
  return ({ robotCode, step, bytes: done, totalBytes }) => {
    const line = `${label(robotCode)}  ${printable(step)}`;
    if (steps.get(robotCode) !== step) {
      steps.set(robotCode, step);
      const size = totalBytes === null ? '' : `, ${bytes(totalBytes)}`;
      terminal.progress(`${line}${size} …`);
    } else if (done !== null) {
      const far =
        totalBytes === null || totalBytes === 0 ? bytes(done) : `${Math.floor((100 * done) / totalBytes)} %`;
      terminal.transient(`${line}  ${far}`);
    }
  };
}

/** Best effort: what the lines say stands in the run log too. */
async function showLog(agent: Followed, run: Run, terminal: Terminal, signal: AbortSignal): Promise<void> {
  try {
    for await (const line of agent.handlers.logs({ id: run.id, follow: true }, signal)) {
      if (signal.aborted) return;
      terminal.progress(`${terminal.style('dim', label(run.robot.code))}  ${logLineText(line, terminal)}`);
    }
  } catch (error) {
    if (!signal.aborted) terminal.note(`The log cannot be followed: ${String(error)}`);
  }
}

function label(robotCode: string): string {
  return printable(robotCode).padEnd(14);
}
