// A process of its own: takes any upload and counts it, serves `?bytes=N` of download. Prints its port.
import { createServer } from 'node:http';
import { sendBytes } from '../../helpers/send-bytes.ts';

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
    const bytes = Number(new URL(request.url ?? '', 'http://host').searchParams.get('bytes'));
    response.writeHead(200, { 'content-length': bytes, 'content-type': 'application/octet-stream' });
    sendBytes(response, bytes);
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  if (address !== null && typeof address !== 'string') console.log(address.port);
});
