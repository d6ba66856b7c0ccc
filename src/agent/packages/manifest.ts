import { readdir, readFile } from 'node:fs/promises';
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

/** `kubot.yaml`, read. docs/kubot.schema.json describes it for editors. */
export interface Manifest {
  operations: { name: string; shell: string }[];
  /** Versions as the file writes them: `3.10` stays "3.10". */
  tools: { python?: string; nodejs?: string };
  postInstall: { name: string; shell: string }[];
}

const FILE_NAME = 'kubot.yaml';
const MAX_BYTES = 1024 * 1024;
const VERSION = /^\d+(\.\d+){0,3}([-+.]?[a-z0-9]+)*$/i;

/**
 * Reads the manifest of an unpacked package.
 * @throws AgentError MANIFEST_INVALID with `{line, field}`
 */
export async function loadManifest(packageDir: string): Promise<{ manifest: Manifest; warnings: string[] }> {
  let bytes: Buffer;
  try {
    bytes = await readFile(join(packageDir, FILE_NAME));
  } catch (error) {
    const [inner] = await foldersWithManifest(packageDir);
    const where =
      inner === undefined ? '' : ` There is one in the folder ${inner}: pack what is in it, not the folder.`;
    throw new AgentError('MANIFEST_INVALID', `The package has no ${FILE_NAME} at its root.${where}`, {
      details: { line: null, field: null },
      hint: `Put ${FILE_NAME} at the root of the ZIP.`,
      cause: error,
    });
  }
  if (bytes.length > MAX_BYTES) throw invalid(null, null, `${FILE_NAME} is larger than 1 MB.`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(null, null, `${FILE_NAME} is not UTF-8.`);
  }
  return parseManifest(text);
}

/** @throws AgentError MANIFEST_INVALID; its message begins "kubot.yaml line N: field …" */
export function parseManifest(text: string): { manifest: Manifest; warnings: string[] } {
  return new ManifestReader(text).read();
}

class ManifestReader {
  readonly #lines = new LineCounter();
  readonly #text: string;
  readonly #warnings: string[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  read(): { manifest: Manifest; warnings: string[] } {
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
          break;
        case 'tools':
          Object.assign(tools, this.#tools(value, node));
          break;
        case 'post-install':
          postInstall.push(...this.#steps(value, node, 'post-install', false));
          break;
        default:
          this.#warnUnknown(key, node);
      }
    }
    if (!sawOperations) this.#fail(root, 'operations', 'is missing: a robot needs at least one operation');
    if (operations.length === 0)
      this.#fail(root, 'operations', 'is empty: a robot needs at least one operation');
    return { manifest: { operations, tools, postInstall }, warnings: this.#warnings };
  }

  #rootMap() {
    let documents: ReturnType<typeof parseAllDocuments>;
    try {
      documents = parseAllDocuments(this.#text, { lineCounter: this.#lines, uniqueKeys: true, merge: false });
    } catch (error) {
      throw invalid(
        null,
        null,
        `${FILE_NAME} cannot be read: ${error instanceof Error ? error.message : error}.`,
      );
    }
    const [document, second] = [...documents];
    if (!document) throw invalid(1, null, `${FILE_NAME} line 1: the file is empty.`);
    const problem = document.errors[0];
    if (problem) {
      const { line } = this.#lines.linePos(problem.pos[0]);
      const reason = problem.message.split('\n')[0]?.replace(/ at line \d+, column \d+:?$/, '');
      throw invalid(line, null, `${FILE_NAME} line ${line}: ${reason}.`);
    }
    if (second) this.#fail(second.contents, null, 'the file holds a second document; only one is read');
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
    if (isScalar(value) && value.value === null && !unique) return [];
    if (!isSeq(value)) throw this.#error(at, field, 'must be a list');
    const names = new Set<string>();
    return value.items.map((item, index) => {
      const path = `${field}[${index}]`;
      if (!isMap(item))
        throw this.#error((item as Node | null) ?? at, path, 'must have the keys name and shell');
      const found: { name?: string; shell?: string } = {};
      for (const pair of this.#pairs(item, `${path}.`)) {
        if (pair.key === 'name' || pair.key === 'shell') {
          found[pair.key] = this.#text_(pair.value, pair.node, `${path}.${pair.key}`);
        } else this.#warnUnknown(`${path}.${pair.key}`, pair.node);
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
    if (isScalar(value) && value.value === null) return {};
    if (!isMap(value)) throw this.#error(at, 'tools', 'must name versions: python and/or nodejs');
    const tools: Manifest['tools'] = {};
    for (const pair of this.#pairs(value, 'tools.')) {
      if (pair.key !== 'python' && pair.key !== 'nodejs') {
        this.#warnUnknown(`tools.${pair.key}`, pair.node);
        continue;
      }
      const version = isScalar(pair.value) ? sourceOf(pair.value) : '';
      if (!VERSION.test(version)) {
        throw this.#error(pair.node, `tools.${pair.key}`, 'must be a version such as 3.11.4');
      }
      tools[pair.key] = version;
    }
    return tools;
  }

  #text_(value: unknown, at: Node | null, field: string): string {
    if (!isScalar(value)) throw this.#error((value as Node | null) ?? at, field, 'must be text');
    const text = typeof value.value === 'string' ? value.value : sourceOf(value);
    if (value.value === null || text.trim() === '') throw this.#error(at, field, 'must not be empty');
    if (text.includes('\0')) throw this.#error(at, field, 'must not hold a NUL character');
    return text;
  }

  #pairs(map: { items: Pair[] }, prefix: string): { key: string; value: unknown; node: Node | null }[] {
    return map.items.map((pair) => {
      const node = pair.key as Node | null;
      if (!isScalar(pair.key)) throw this.#error(node, `${prefix}?`, 'a key must be plain text');
      if (isAlias(pair.value))
        throw this.#error(node, `${prefix}${pair.key.value}`, 'aliases are not supported');
      return { key: String(pair.key.value), value: pair.value, node };
    });
  }

  #warnUnknown(field: string, node: Node | null): void {
    this.#warnings.push(`${FILE_NAME} line ${this.#lineOf(node)}: ${field} is not known and was left out.`);
  }

  #fail(node: unknown, field: string | null, problem: string): never {
    throw this.#error(node as Node | null, field, problem);
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

function invalid(line: number | null, field: string | null, message: string): AgentError {
  return new AgentError('MANIFEST_INVALID', message, { details: { line, field } });
}

async function foldersWithManifest(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).slice(0, 50);
  const found = await Promise.all(
    folders.map(async ({ name }) => ((await readdir(join(dir, name))).includes(FILE_NAME) ? [name] : [])),
  );
  return found.flat();
}
