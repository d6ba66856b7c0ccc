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

/** sitecustomize.py of that folder: sys.path[0] as a normal Python has it, then PYTHONPATH. */
export const SITE_CUSTOMIZE = `import os, sys

def _first():
    args = sys.orig_argv[1:]
    skip = False
    for at, arg in enumerate(args):
        if skip:
            skip = False
            continue
        if arg in ("-m", "-c") or arg.startswith(("-m", "-c")):
            return os.getcwd()
        if arg in ("-W", "-X", "--check-hash-based-pycs"):
            skip = True
            continue
        if arg == "-":
            return os.getcwd()
        if not arg.startswith("-"):
            return os.path.dirname(os.path.abspath(arg))
    return os.getcwd()

_paths = [_first()] + [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
sys.path[:0] = [path for path in _paths if path not in sys.path]
`;
