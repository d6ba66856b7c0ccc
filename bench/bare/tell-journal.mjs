// Loaded before a program's own script: tells how long its SQLite statements took since the last time it was asked,
// and how many of them waited for the disk.
import { DatabaseSync } from 'node:sqlite';
import { answerWith } from './answer-with.mjs';

let ms = 0;
let commits = 0;
let isOpen = false;

answerWith(() => {
  const told = { ms, commits };
  ms = 0;
  commits = 0;
  return told;
});

const { prototype } = DatabaseSync;
// Statements have a prototype that nobody exports.
const statementPrototype = Object.getPrototypeOf(new DatabaseSync(':memory:').prepare('SELECT 1'));

wrap(prototype, 'prepare', () => {});
wrap(prototype, 'exec', (sql) => {
  if (/^\s*BEGIN/i.test(sql)) isOpen = !/COMMIT/i.test(sql);
  if (/COMMIT/i.test(sql)) {
    isOpen = false;
    commits++;
  }
});
for (const name of ['run', 'get', 'all']) {
  wrap(statementPrototype, name, () => {
    if (name === 'run' && !isOpen) commits++;
  });
}

/** @param {Record<string, Function>} owner @param {string} name @param {(sql: string) => void} note */
function wrap(owner, name, note) {
  const original = owner[name];
  owner[name] = function (...args) {
    const began = performance.now();
    try {
      return original.apply(this, args);
    } finally {
      ms += performance.now() - began;
      note(String(args[0]));
    }
  };
}
