// Makes something safe on the disk so many times, one after the other: a page of a file, or a row of a database.
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const PAGE = Buffer.alloc(4096, 'x');
/** As long as what is known of a run. */
const TEXT = 'x'.repeat(900);
const ROWS = 100;
const WAYS = { file, sqlite };

process.on('message', ({ way, dir, commits }) => {
  try {
    process.send?.({ ms: WAYS[way](dir, commits) });
  } catch (error) {
    process.send?.({ error: String(error) });
  }
});
process.on('disconnect', () => process.exit());

/** @param {string} dir @param {number} commits */
function file(dir, commits) {
  const descriptor = openSync(join(dir, 'pages'), 'a');
  const began = performance.now();
  for (let left = commits; left > 0; left--) {
    writeSync(descriptor, PAGE);
    fdatasyncSync(descriptor);
  }
  const ms = performance.now() - began;
  closeSync(descriptor);
  return ms;
}

/** @param {string} dir @param {number} commits */
function sqlite(dir, commits) {
  const database = new DatabaseSync(join(dir, 'rows.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  database.exec('CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, document TEXT NOT NULL) STRICT;');
  const save = database.prepare('INSERT OR REPLACE INTO rows VALUES (?,?)');
  const began = performance.now();
  for (let left = commits; left > 0; left--) save.run(left % ROWS, TEXT);
  const ms = performance.now() - began;
  database.close();
  return ms;
}
