// A process of its own: takes any upload and counts it, serves `?bytes=N` of download. Prints its port.
import { createServer } from 'node:http';

const CHUNK = Buffer.alloc(64 * 1024, 'k');

const server = createServer({ requestTimeout: 0 }, (request, response) => {
  let received = 0;
  request.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  request.on('end', () => {
    if (request.method === 'POST') {
      response.end(JSON.stringify({ received }));
      return;
    }
    let left = Number(new URL(request.url ?? '', 'http://host').searchParams.get('bytes'));
    response.writeHead(200, { 'content-length': left, 'content-type': 'application/octet-stream' });
    const push = () => {
      while (left > 0) {
        const chunk = left >= CHUNK.length ? CHUNK : CHUNK.subarray(0, left);
        left -= chunk.length;
        if (!response.write(chunk)) break;
      }
      if (left === 0) response.end();
    };
    response.on('drain', push);
    push();
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') console.log(address.port);
});
