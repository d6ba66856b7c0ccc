import { describe, expect, it } from 'vitest';
import { runTool } from '../../../src/platform/spawn-tool.ts';

const options = { environment: { ONLY: 'this' }, timeoutMs: 60_000 };

describe('runTool', () => {
  it('gives the exit code and both outputs of a tool that fails', async () => {
    const code = 'console.log("out"); console.error("err"); process.exitCode = 3';
    expect(await runTool(process.execPath, ['-e', code], options)).toEqual({
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
  });

  it('passes the given environment and nothing of its own', async () => {
    const { stdout } = await runTool(process.execPath, ['-p', 'JSON.stringify(process.env)'], options);
    expect(JSON.parse(stdout)).toMatchObject({ ONLY: 'this' });
    expect(JSON.parse(stdout)).not.toHaveProperty('PATH');
  });

  it('gives a tool no input to wait for', async () => {
    const { exitCode } = await runTool(process.execPath, ['-e', 'process.stdin.resume()'], options);
    expect(exitCode).toBe(0);
  });

  it('answers without an exit code for a tool that is missing or hangs', async () => {
    const missing = await runTool('/nowhere/tool', [], options);
    expect(missing.exitCode).toBeNull();
    expect(missing.stderr).toContain('ENOENT');
    const code = 'setInterval(() => {}, 1000)';
    const hanging = await runTool(process.execPath, ['-e', code], { ...options, timeoutMs: 200 });
    expect(hanging.exitCode).toBeNull();
  });
});
