import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTrustBundle } from '../../../src/agent/gateway/trust-bundle.ts';
import { type Fixture, startFixture } from './gateway-fixture.ts';

// Real clients with nothing but what robots get: the trust bundle, the endpoint and the token.

let fixture: Fixture;
let bundle: string;
beforeAll(async () => {
  fixture = await startFixture();
  bundle = await writeTrustBundle({
    targetPath: join(fixture.dir, 'trust é.pem'),
    caFiles: [],
    gatewayCaPem: fixture.gateway.caCertPem,
  });
  fixture.answerWith((request, response) => {
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
    });
    request.on('end', () => response.end(JSON.stringify({ method: request.method, bytes })));
  });
});
afterAll(() => fixture.close());

interface Ended {
  exitCode: number;
  output: string;
}

function runClient(file: string, args: string[], environment: Record<string, string>): Promise<Ended> {
  return new Promise((resolve) => {
    const env = {
      PATH: process.env.PATH,
      KUFLOW_API_ENDPOINT: fixture.gateway.endpoint,
      KUFLOW_API_TOKEN: fixture.run.token,
      ...environment,
    };
    execFile(file, args, { env }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ exitCode, output: `${stdout}${stderr}`.trim() });
    });
  });
}

/** A Python at least as strict as 3.13 refuses certificates without key usage and key identifiers. */
const PYTHON = `
import os, ssl, sys, urllib.request
context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
context.verify_flags |= ssl.VERIFY_X509_STRICT
request = urllib.request.Request(os.environ["KUFLOW_API_ENDPOINT"] + "/processes", data=b"x" * 100000,
    headers={"Authorization": "Bearer " + os.environ["KUFLOW_API_TOKEN"]})
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
print(opener.open(request).read().decode())
`;

const FETCH = `
const answer = await fetch(process.env.KUFLOW_API_ENDPOINT + '/processes', {
  method: 'POST', body: 'x'.repeat(100000), headers: { authorization: 'Bearer ' + process.env.KUFLOW_API_TOKEN },
});
console.log(await answer.text());
`;

const EXPECTED = { exitCode: 0, output: '{"method":"POST","bytes":100000}' };

async function findClient(candidates: string[]): Promise<string | null> {
  for (const candidate of candidates) {
    if ((await runClient(candidate, ['--version'], {})).exitCode === 0) return candidate;
  }
  return null;
}

describe('a client with the trust bundle', () => {
  it('Node’s fetch, by NODE_EXTRA_CA_CERTS', async () => {
    const args = ['--input-type=module', '-e', FETCH];
    expect(await runClient(process.execPath, args, { NODE_EXTRA_CA_CERTS: bundle })).toEqual(EXPECTED);
  });

  it('Node’s fetch is refused without it', async () => {
    const { exitCode, output } = await runClient(process.execPath, ['--input-type=module', '-e', FETCH], {});
    expect(exitCode).toBe(1);
    expect(output).toContain('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  it('curl, by CURL_CA_BUNDLE, with Expect and a body of its own', async ({ skip }) => {
    const curl = await findClient(['curl']);
    if (curl === null) return skip('there is no curl on PATH');
    const bodyPath = join(fixture.dir, 'body');
    await writeFile(bodyPath, 'x'.repeat(100_000));
    const args = [
      '-sS',
      '--noproxy',
      '*',
      '-H',
      `Authorization: Bearer ${fixture.run.token}`,
      '-H',
      'Expect: 100-continue',
    ];
    const call = [...args, '--data-binary', `@${bodyPath}`, `${fixture.gateway.endpoint}/processes`];
    expect(await runClient(curl, call, { CURL_CA_BUNDLE: bundle })).toEqual(EXPECTED);
  });

  it('Python with VERIFY_X509_STRICT', async ({ skip }) => {
    const python = await findClient(['python3.13', 'python3.14', 'python3', 'python']);
    if (python === null) return skip('there is no Python 3 on PATH');
    expect(await runClient(python, ['-c', PYTHON], { SSL_CERT_FILE: bundle })).toEqual(EXPECTED);
  });
});
