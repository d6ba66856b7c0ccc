// The least that could be called an agent: it registers as a worker, then asks every so often for READY tasks.
const [endpoint, clientId, clientSecret, everyMs = 2000] = process.argv.slice(2);
const headers = {
  authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
  'content-type': 'application/json',
};

async function call(method, path, body) {
  const response = await fetch(`${endpoint}/v2024-06-14${path}`, {
    method,
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return await response.json();
}

await call('POST', '/workers', {
  identity: 'poller',
  taskQueue: 'none',
  workflowTypes: [],
  activityTypes: [],
  hostname: 'bench',
  ip: '127.0.0.1',
});
console.log('registered');
process.on('SIGTERM', () => process.exit());
setInterval(() => call('GET', '/process-items?type=TASK&taskState=READY&size=25'), Number(everyMs));
