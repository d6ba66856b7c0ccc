#!/usr/bin/env node
// Makes src/agent/kuflow/api.gen.ts, the API's types, from the official specification. Run by hand when the
// specification changes (npm run generate:api); the result is committed.
// The generator runs in a folder of npx's own because it has no peer range for this project's TypeScript.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const SPEC = 'assets/openapi/openapi-v2024-06-14-r2024-09.yaml';
const OUTPUT = 'src/agent/kuflow/api.gen.ts';
const GENERATOR = ['-p', 'openapi-typescript@7.13.0', '-p', 'typescript@5.9.3'];

const { status } = spawnSync('npx', ['-y', ...GENERATOR, 'openapi-typescript', SPEC, '-o', OUTPUT], {
  cwd: root,
  stdio: 'inherit',
  shell: process.platform === 'win32',
});
if (status !== 0) process.exit(status ?? 1);

const output = new URL(OUTPUT, root);
const made = readFileSync(output, 'utf8');
writeFileSync(output, `// Made by scripts/generate-api-types.mjs from ${SPEC}; not edited by hand.\n${made}`);
