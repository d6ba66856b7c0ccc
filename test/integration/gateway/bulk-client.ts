// A process of its own: uploads and downloads as many bytes as asked and prints what came of it as JSON.
import { request } from 'node:https';
import { text } from 'node:stream/consumers';
import { sendBytes } from '../../helpers/send-bytes.ts';

const [endpoint = '', token = '', size = '0'] = process.argv.slice(2);
const bytes = Number(size);
const headers = { authorization: `Bearer ${token}` };

function upload(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const call = request(`${endpoint}/processes/p1/~actions/upload-document?fileName=a`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': bytes },
    });
    call.on('error', reject);
    call.on('response', (answer) => {
      text(answer).then((body) => resolve(JSON.parse(body)), reject);
    });
    sendBytes(call, bytes);
  });
}

function download(): Promise<number> {
  return new Promise((resolve, reject) => {
    const call = request(`${endpoint}/processes/p1/~actions/download-document?bytes=${bytes}`, { headers });
    call.on('error', reject);
    call.on('response', (answer) => {
      let received = 0;
      answer.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      answer.on('end', () => resolve(received));
      answer.on('error', reject);
    });
    call.end();
  });
}

const startedAt = performance.now();
const uploaded = await upload();
const uploadedAt = performance.now();
const downloaded = await download();
const seconds = { up: (uploadedAt - startedAt) / 1000, down: (performance.now() - uploadedAt) / 1000 };
console.log(JSON.stringify({ uploaded, downloaded, seconds }));
