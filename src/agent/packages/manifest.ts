import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseAllDocuments,
  type Scalar,
} from 'yaml';
import { AgentError } from '../../shared/errors.ts';
import { nearestWord } from '../config/nearest-word.ts';

/** `kubot.yaml`, read. docs/kubot.schema.json describes it for editors. */
export interface Manifest {
  operations: { name: string; shell: string }[];
  /** Versions as the file writes them: `3.10` stays "3.10". */
  tools: { python?: string; nodejs?: string };
  postInstall: { name: string; shell: string }[];
}

interface ReadManifest {
  manifest: Manifest;
  warnings: string[];
}

const FILE_NAME = 'kubot.yaml';
/** As long as one argument of a program may be on Linux; a hostile file of this size is read in under a second. */
const MAX_BYTES = 128 * 1024;
const VERSION = /^\d[a-z0-9]*([-+.][a-z0-9]+)*$/i;
const MOST_WARNINGS = 20;
const KEYS = ['operations', 'tools', 'post-install'];
const STEP_KEYS = ['name', 'shell'];
const TOOLS = ['python', 'nodejs'];

/**
 * Reads the manifest of an unpacked package.
 * @throws AgentError MANIFEST_INVALID with `{line, field}`
 */
export async function loadManifest(packageDir: string): Promise<ReadManifest> {
  const names = await readdir(packageDir, { withFileTypes: true });
  // By its exact name: a file system that overlooks case would find what others do not.
  if (!names.some((entry) => entry.name === FILE_NAME && entry.isFile())) {
    throw new AgentError(
      'MANIFEST_INVALID',
      `The package has no ${FILE_NAME} at its root.${await whereInstead(packageDir, names)}`,
      { details: { line: null, field: null }, hint: `Put ${FILE_NAME} at the root of the ZIP.` },
    );
  }
  const bytes = await readStart(join(packageDir, FILE_NAME), MAX_BYTES + 1);
  if (bytes.length > MAX_BYTES) throw unreadable(`is larger than ${MAX_BYTES / 1024} KB`, 'Shorten it');
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw unreadable('is not UTF-8', 'Save it as UTF-8');
  }
  return parseManifest(text);
}

/** @throws AgentError MANIFEST_INVALID; its message begins "kubot.yaml line N: field …" */
export function parseManifest(text: string): ReadManifest {
  return new ManifestReader(text).read();
}

class ManifestReader {
  readonly #lines = new LineCounter();
  readonly #text: string;
  readonly #warnings: string[] = [];
  #unknownKeys = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): ReadManifest {
    const root = this.#rootMap();
    const operations: Manifest['operations'] = [];
    const tools: Manifest['tools'] = {};
    const postInstall: Manifest['postInstall'] = [];
    let sawOperations = false;
    for (const { key, value, node } of this.#pairs(root, '')) {
      switch (key) {
        case 'operations':
          sawOperations = true;
          operations.push(...this.#steps(value, node, 'operations', true));
          if (operations.length === 0)
            throw this.#error(node, 'operations', 'is empty: a robot needs at least one operation');
          break;
        case 'tools':
          Object.assign(tools, this.#tools(value, node));
          break;
        case 'post-install':
          postInstall.push(...this.#steps(value, node, 'post-install', false));
          break;
        default:
          this.#warnUnknown(key, '', node, KEYS);
      }
    }
    if (!sawOperations)
      throw this.#error(root, 'operations', 'is missing: a robot needs at least one operation');
    if (this.#unknownKeys > MOST_WARNINGS)
      this.#warnings.push(`${FILE_NAME}: ${this.#unknownKeys - MOST_WARNINGS} more keys are not known.`);
    return { manifest: { operations, tools, postInstall }, warnings: this.#warnings };
  }

  #rootMap() {
    // Keys are held to be unique by #pairs: the parser compares each with each.
    const options = { lineCounter: this.#lines, uniqueKeys: false, prettyErrors: false };
    const [document, second] = [...parseAllDocuments(this.#text, options)];
    if (!document) throw this.#error(null, null, 'the file is empty');
    const problem = document.errors[0];
    if (problem) {
      const line = Math.max(1, this.#lines.linePos(problem.pos[0]).line);
      const reason = /call stack/i.test(problem.message) ? 'It is nested too deeply' : problem.message;
      throw invalid(line, null, `${FILE_NAME} line ${line}: ${reason.replace(/\.$/, '')}.`);
    }
    if (second) throw this.#error(second.contents, null, 'a second document begins; only one is allowed');
    const root = document.contents;
    if (!isMap(root)) {
      throw this.#error(
        root as Node | null,
        null,
        'the file must hold the keys operations, tools and post-install',
      );
    }
    return root;
  }

  #steps(value: unknown, at: Node | null, field: string, unique: boolean): { name: string; shell: string }[] {
    if (isNull(value) && !unique) return [];
    if (!isSeq(value)) throw this.#wrong(value, at, field, 'must be a list');
    const names = new Set<string>();
    return value.items.map((item, index) => {
      const path = `${field}[${index}]`;
      if (!isMap(item))
        throw this.#wrong(item, (item as Node | null) ?? at, path, 'must have the keys name and shell');
      const found: { name?: string; shell?: string } = {};
      for (const { key, value: text, node } of this.#pairs(item, `${path}.`)) {
        if (key === 'name' || key === 'shell') found[key] = this.#textOf(text, node, `${path}.${key}`);
        else this.#warnUnknown(key, `${path}.`, node, STEP_KEYS);
      }
      if (found.shell === undefined) throw this.#error(item, `${path}.shell`, 'is missing');
      if (found.name === undefined && unique) throw this.#error(item, `${path}.name`, 'is missing');
      const name = found.name ?? `step ${index + 1}`;
      if (unique && names.has(name)) throw this.#error(item, `${path}.name`, `"${name}" is there twice`);
      names.add(name);
      return { name, shell: found.shell };
    });
  }

  #tools(value: unknown, at: Node | null): Manifest['tools'] {
    if (isNull(value)) return {};
    if (!isMap(value)) throw this.#wrong(value, at, 'tools', 'must name versions: python and/or nodejs');
    const tools: Manifest['tools'] = {};
    for (const { key, value: version, node } of this.#pairs(value, 'tools.')) {
      if (key !== 'python' && key !== 'nodejs') {
        this.#warnUnknown(key, 'tools.', node, TOOLS);
        continue;
      }
      const source = isScalar(version) ? sourceOf(version) : '';
      if (!VERSION.test(source))
        throw this.#wrong(version, node, `tools.${key}`, 'must be a version such as 3.11.4');
      tools[key] = source;
    }
    return tools;
  }

  #textOf(value: unknown, at: Node | null, field: string): string {
    if (!isScalar(value)) throw this.#wrong(value, at, field, 'must be text');
    const text = typeof value.value === 'string' ? value.value : sourceOf(value);
    if (isNull(value) || text.trim() === '') throw this.#error(at, field, 'must not be empty');
    if (text.includes('\0')) throw this.#error(at, field, 'must not hold a NUL character');
    return text;
  }

  #pairs(map: { items: Pair[] }, prefix: string): { key: string; value: unknown; node: Node | null }[] {
    const keys = new Set<string>();
    return map.items.map((pair) => {
      const node = pair.key as Node | null;
      if (!isScalar(pair.key)) {
        const problem = 'has a key that is not plain text';
        throw prefix === ''
          ? this.#error(node, null, `the file ${problem}`)
          : this.#error(node, prefix.slice(0, -1), problem);
      }
      const key = sourceOf(pair.key);
      if (keys.has(key)) throw this.#error(node, `${prefix}${key}`, 'is there twice');
      keys.add(key);
      return { key, value: pair.value, node };
    });
  }

  #warnUnknown(key: string, prefix: string, node: Node | null, known: readonly string[]): void {
    this.#unknownKeys++;
    if (this.#unknownKeys > MOST_WARNINGS) return;
    const near = key.length < 40 ? nearestWord(key.replaceAll('.', '-'), known) : null;
    const meant = near === null || near === key ? '' : `; did you mean ${near}?`;
    this.#warnings.push(
      `${FILE_NAME} line ${this.#lineOf(node)}: ${prefix}${key} is not known and was left out${meant || '.'}`,
    );
  }

  /** A value of another kind than was expected. */
  #wrong(value: unknown, at: Node | null, field: string, problem: string): AgentError {
    return this.#error(
      at,
      field,
      isAlias(value) ? 'must be written out: aliases are not supported' : problem,
    );
  }

  #error(node: Node | null, field: string | null, problem: string): AgentError {
    const line = this.#lineOf(node);
    return invalid(line, field, `${FILE_NAME} line ${line}: ${field === null ? '' : `${field} `}${problem}.`);
  }

  #lineOf(node: Node | null): number {
    const offset = node?.range?.[0];
    return offset === undefined ? 1 : Math.max(1, this.#lines.linePos(offset).line);
  }
}

/** A scalar as the file writes it: `3.10` is not the number 3.1. */
function sourceOf(scalar: Scalar): string {
  return (scalar.source ?? String(scalar.value ?? '')).trim();
}

function isNull(value: unknown): boolean {
  return value === null || (isScalar(value) && value.value === null);
}

function invalid(line: number | null, field: string | null, message: string): AgentError {
  return new AgentError('MANIFEST_INVALID', message, { details: { line, field } });
}

function unreadable(problem: string, remedy: string): AgentError {
  return new AgentError('MANIFEST_INVALID', `${FILE_NAME} ${problem}.`, {
    details: { line: null, field: null },
    hint: `${remedy} and upload the robot again.`,
  });
}

/** No more of a file than its first bytes, however long it is. */
async function readStart(path: string, bytes: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const start = Buffer.alloc(bytes);
    let at = 0;
    for (let read = -1; read !== 0 && at < bytes; at += read)
      read = (await file.read(start, at, bytes - at, at)).bytesRead;
    return start.subarray(0, at);
  } finally {
    await file.close();
  }
}

/** The mistakes that people make: another name, or the folder packed rather than what is in it. */
async function whereInstead(
  packageDir: string,
  entries: readonly { name: string; isDirectory(): boolean }[],
): Promise<string> {
  const misnamed = entries.find(({ name }) => /^kubot\.ya?ml$/i.test(name));
  if (misnamed?.isDirectory()) return ` ${misnamed.name} is a folder.`;
  if (misnamed) return ` There is ${misnamed.name}: rename it.`;
  for (const folder of entries.filter((entry) => entry.isDirectory()).slice(0, 50)) {
    const inner = await readdir(join(packageDir, folder.name));
    if (inner.includes(FILE_NAME))
      return ` There is one in the folder ${folder.name}: pack what is in it, not the folder.`;
  }
  return '';
}
