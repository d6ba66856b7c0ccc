import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { AgentEnd } from '../agent-host.ts';
import { livingProcesses } from '../processes.ts';
import type { Violation } from './violation.ts';

export interface LeftoverFacts {
  hosts: readonly { number: number; home: string; stderrPath: string; ends: readonly AgentEnd[] }[];
  /** Value of CHAOS_ID in all that was started. */
  stageId: string;
  /** Pids of our own that live on. */
  own: ReadonlySet<number>;
  /** What nobody may find, by what it is. */
  secrets: Readonly<Record<string, string>>;
  /** What the platform was told, by where. */
  told: readonly { where: string; text: string }[];
}

/** A name that only what is half made has, or that is removed when its time is over. */
const HALF_MADE = /\.partial(-|$)|\.tmp$|^\.download-|\.members$|\.log\.gz$|^tmp-|\.aside$/;

/** Once all agents have drained, nothing is left: no process, no file that is half made, no secret, no cry for help. */
export function checkLeftovers(facts: LeftoverFacts): Violation[] {
  return [
    ...leftProcesses(facts),
    ...leftFiles(facts),
    ...seenSecrets(facts),
    ...badEnds(facts),
    ...errors(facts),
  ];
}

function leftProcesses({ stageId, own }: LeftoverFacts): Violation[] {
  return livingProcesses()
    .filter(({ pid, environment }) => !own.has(pid) && environment.includes(`\0CHAOS_ID=${stageId}\0`))
    .map(({ pid, command, environment }) => ({
      check: 'process',
      about: String(pid),
      message: `it lives on: ${command} (KUBOT_RUN_ID ${/\0KUBOT_RUN_ID=([^\0]*)/.exec(environment)?.[1] ?? 'none'})`,
    }));
}

function leftFiles({ hosts }: LeftoverFacts): Violation[] {
  return hosts.flatMap(({ number, home }) => {
    const left = filesOf(home).filter((path) => HALF_MADE.test(basename(path)));
    const [first] = left;
    if (first === undefined) return [];
    const message = `left in its home: ${relative(home, first)} (${left.length} such files)`;
    return [{ check: 'file', about: `agent ${number}`, message }];
  });
}

function seenSecrets({ hosts, secrets, told }: LeftoverFacts): Violation[] {
  const entries = Object.entries(secrets);
  const inFiles = hosts.flatMap(({ number, home, stderrPath }) =>
    [...filesOf(home), stderrPath].flatMap((path) => {
      const bytes = readFileSync(path);
      return entries
        .filter(([, secret]) => bytes.includes(secret))
        .map(([what]) => ({
          check: 'secret',
          about: `agent ${number}`,
          message: `${what} is in ${relative(home, path)}`,
        }));
    }),
  );
  const inTexts = told.flatMap(({ where, text }) =>
    entries
      .filter(([, secret]) => text.includes(secret))
      .map(([what]) => ({
        check: 'secret',
        about: where,
        message: `${what} is in what the platform was told`,
      })),
  );
  return [...inFiles, ...inTexts];
}

function badEnds({ hosts }: LeftoverFacts): Violation[] {
  return hosts.flatMap(({ number, ends }) =>
    ends.flatMap(({ by, code, signal, atMs }) => {
      const at = new Date(atMs).toISOString();
      if (by === null)
        return [
          {
            check: 'agent',
            about: `agent ${number}`,
            message: `it ended by itself at ${at} with ${code ?? signal}`,
          },
        ];
      // A TERM in its first moments finds nobody who listens yet, and nothing that is to be drained.
      const clean = code === 0 || signal === 'SIGTERM';
      if (by === 'SIGKILL' || clean) return [];
      return [
        { check: 'agent', about: `agent ${number}`, message: `it drained at ${at} with ${code ?? signal}` },
      ];
    }),
  );
}

/** What an agent says at level error needs a person; nothing that is done to it here does. */
function errors({ hosts }: LeftoverFacts): Violation[] {
  return hosts.flatMap(({ number, home }) =>
    filesOf(join(home, 'logs')).flatMap((path) =>
      readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line.includes('"level":"error"'))
        .map((line) => ({ check: 'agent', about: `agent ${number}`, message: line })),
    ),
  );
}

/** Sockets and what is no file are left out. */
function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => join(dir, name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true);
}
