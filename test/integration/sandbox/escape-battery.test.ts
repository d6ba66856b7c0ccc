import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPerson, type Person } from '../../helpers/person.ts';

type Verdict = 'open' | 'refused';
/** At the levels off, standard and strict; null: up to the kernel's own settings. */
type Expected = readonly [Verdict | null, Verdict | null, Verdict | null];

const STANDARD: Expected = ['open', 'refused', 'refused'];
const STRICT: Expected = ['open', 'open', 'refused'];
const ALWAYS_OPEN: Expected = ['open', 'open', 'open'];
const NEVER_OPEN: Expected = ['refused', 'refused', 'refused'];
/** Off, the kernel decides. */
const SANDBOXED: Expected = [null, 'refused', 'refused'];

/** docs/security.md says the same in words. Off is without a namespace: what bubblewrap adds there is not counted on. */
const EXPECTED: Record<string, Expected> = {
  'read key': STANDARD,
  'read agentKey': STANDARD,
  'read journal': STANDARD,
  'read secret': STANDARD,
  'read otherRun': STANDARD,
  'read runLog': STANDARD,
  'write autostart': STANDARD,
  'write package': STANDARD,
  'write environment': STANDARD,
  'write usr': NEVER_OPEN,
  'connect dbus': STANDARD,
  'connect docker': STANDARD,
  'connect control': STANDARD,
  'connect granted control': STANDARD,
  'connect granted control by a grant': STANDARD,
  'connect temporary': STANDARD,
  'connect abstract': STRICT,
  'connect loopback': STRICT,
  'connect outside': [null, null, 'refused'],
  'open vsock': SANDBOXED,
  'signal agent': STANDARD,
  // By the agent itself, which hides its memory; by the sandbox twice.
  'read agent environment': NEVER_OPEN,
  'read agent memory': NEVER_OPEN,
  'see agent descriptors': NEVER_OPEN,
  'read agent command': STANDARD,
  'trace agent': NEVER_OPEN,
  'be traced': STANDARD,
  "see others' processes": STANDARD,
  // Browsers need them; a kernel may forbid them all the same.
  'make a user namespace': [null, null, 'refused'],
  'make a mount namespace': SANDBOXED,
  mount: SANDBOXED,
  'become root by setuid': SANDBOXED,
  'have a capability': NEVER_OPEN,
  'hold another descriptor': NEVER_OPEN,
  'open the terminal': NEVER_OPEN,
  'type into a terminal': SANDBOXED,
  'use bpf': SANDBOXED,
  'use keyrings': SANDBOXED,
  // What a robot is there for.
  'own work': ALWAYS_OPEN,
  'own home': ALWAYS_OPEN,
  'own tmp': ALWAYS_OPEN,
  'own out': ALWAYS_OPEN,
  'own scratch': ALWAYS_OPEN,
  'own package': ALWAYS_OPEN,
  'own shared memory': ALWAYS_OPEN,
  'granted read': ALWAYS_OPEN,
  'granted write': ALWAYS_OPEN,
  'granted socket': ALWAYS_OPEN,
  'write what is granted to read': STANDARD,
  'reach the gateway': ALWAYS_OPEN,
  'web allowed': ALWAYS_OPEN,
  'web of another port': STRICT,
};

let person: Person;
const canRun = process.platform === 'linux' && existsSync('/usr/bin/python3');

beforeAll(() => {
  if (canRun) person = createPerson();
  else console.warn('skipped: the escape battery, which wants Linux and /usr/bin/python3');
});

afterAll(() => person?.close());

describe.runIf(canRun).each(['off', 'standard', 'strict'] as const)(
  'a hostile robot at the level %s',
  (level) => {
    test('can do what is expected of it and nothing else', async () => {
      const output = await person.run('test/fixtures/sandbox/run-battery.ts', [
        JSON.stringify({
          level,
          home: person.home,
          runtimeDir: person.runtimeDir,
          elsewhere: person.elsewhere,
          setuid: person.setuidProgram,
          probe: person.fileOf('test/fixtures/sandbox/probe.py'),
        }),
      ]);
      const { verdicts, ...rest } = JSON.parse(output) as { verdicts: Record<string, string> };
      const column = ['off', 'standard', 'strict'].indexOf(level);
      const expected = Object.fromEntries(
        Object.entries(EXPECTED).map(([name, columns]) => [name, columns[column] ?? verdicts[name]]),
      );
      expect(verdicts).toEqual(expected);
      expect(rest).toEqual({
        status: {
          requested: level,
          achieved: level,
          missing: level === 'off' ? ['files', 'syscalls', 'processes'] : [],
          reason: null,
        },
        exitCode: 0,
        contacts: level === 'strict' ? ['allowed web', 'refused other'] : [],
      });
    });
  },
);
