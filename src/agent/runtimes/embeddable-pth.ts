/**
 * Python's embeddable ZIP for Windows is isolated by its `python3NN._pth`: modules of the working directory and
 * beside the script are not found and PYTHONPATH is ignored, even with `import site`. Its copy gets this instead:
 * a folder of ours first, whose sitecustomize puts back what a normal Python has.
 */
export function rewritePth(original: string, ourFolder: string): string {
  const zip = original
    .split(/\r?\n/)
    .find((line) => /^python\d+\.zip$/i.test(line.trim()))
    ?.trim();
  return [ourFolder, ...(zip === undefined ? [] : [zip]), '.', 'Lib\\site-packages', 'import site', ''].join(
    '\r\n',
  );
}

/**
 * sitecustomize.py of that folder: the working directory (`-m`, `-c`, stdin) or the script's folder, then PYTHONPATH.
 * At this point `sys.argv[0]` is "-m", "-c", "-", "" or the script as it was named (seen with 3.8 to 3.13).
 */
export const SITE_CUSTOMIZE = `import os, sys

_script = sys.argv[0]
_first = os.getcwd() if _script in ("", "-", "-c", "-m") else os.path.dirname(os.path.abspath(_script))
_paths = [_first] + [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
sys.path[:0] = [path for path in dict.fromkeys(_paths) if path not in sys.path]
`;
