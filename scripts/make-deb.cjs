#!/usr/bin/env node
// Stands in for `fpm` where electron-builder cannot download it (CUSTOM_FPM_PATH): makes the .deb with dpkg-deb from the
// arguments that electron-builder gives fpm.
const { execFileSync } = require('node:child_process');
const { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { dirname, join } = require('node:path');

const ARCHITECTURES = { x64: 'amd64', x86_64: 'amd64', aarch64: 'arm64' };
/** Options of fpm's with their value in the next argument; the others that begin with a dash stand alone or hold `=`. */
const SHORT = new Set(['-s', '-t', '-C', '-d']);
const SCRIPTS = {
  '--after-install': 'postinst',
  '--after-remove': 'postrm',
  '--before-install': 'preinst',
  '--before-remove': 'prerm',
};

const { options, mappings } = read(process.argv.slice(2));
const first = (name) => options.get(name)?.at(-1);
const list = (name) => (options.get(name) ?? []).join(', ');

const stage = mkdtempSync(join(tmpdir(), 'kubot-deb-'));
try {
  for (const mapping of mappings) {
    const at = mapping.indexOf('=');
    const source = mapping.slice(0, at);
    const target = join(stage, mapping.slice(at + 1));
    // A folder with a slash at its end means what is in it.
    const isContent = source.endsWith('/');
    mkdirSync(isContent ? target : dirname(target), { recursive: true });
    execFileSync('cp', ['-a', isContent ? `${source}.` : source, target]);
  }
  mkdirSync(join(stage, 'DEBIAN'));
  const architecture = first('--architecture');
  const fields = {
    Package: first('--name'),
    Version: first('--version'),
    Architecture: ARCHITECTURES[architecture] ?? architecture,
    Maintainer: first('--maintainer'),
    Depends: list('-d') || list('--depends'),
    Recommends: list('--deb-recommends'),
    Section: first('--category') ?? 'utils',
    Priority: 'optional',
    Homepage: first('--url'),
    Description: first('--description'),
  };
  const control = Object.entries(fields).flatMap(([name, value]) => (value ? [`${name}: ${value}\n`] : []));
  writeFileSync(join(stage, 'DEBIAN/control'), control.join(''));
  for (const [option, name] of Object.entries(SCRIPTS)) {
    if (!first(option)) continue;
    copyFileSync(first(option), join(stage, 'DEBIAN', name));
    chmodSync(join(stage, 'DEBIAN', name), 0o755);
  }
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z1', '-b', stage, first('--package')], {
    stdio: 'inherit',
  });
} finally {
  rmSync(stage, { recursive: true, force: true });
}

function read(args) {
  const options = new Map();
  const mappings = [];
  const add = (name, value) => options.set(name, [...(options.get(name) ?? []), value]);
  for (let index = 0; index < args.length; index += 1) {
    const argument = args[index];
    const at = argument.indexOf('=');
    if (argument === '--force') continue;
    if (argument.startsWith('--') && at > 0) add(argument.slice(0, at), argument.slice(at + 1));
    else if (argument.startsWith('--') || SHORT.has(argument)) {
      index += 1;
      add(argument, args[index]);
    } else mappings.push(argument);
  }
  return { options, mappings };
}
