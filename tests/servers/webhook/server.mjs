// A receiver of Standard Webhooks for the integration tests. It verifies every request with the library of the specification's own project,
// answers 204 to what is genuine and 401 to what is not, and keeps both in memory. It listens on the loopback interface:
//
//   node server.mjs --secret whsec_… [--port number] [--refuse number]
//
//   --refuse         how many genuine requests are answered with 503 first, so that they come again
//   stdout           one line of JSON when it listens: {"port":9200}
//   GET /received    every POST, oldest first: id, timestamp, genuine, payload, error
//

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { Webhook } from 'standardwebhooks';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    secret: { type: 'string' },
    refuse: { type: 'string', default: '0' },
  },
});

if (!options.secret) {
  console.error('--secret is missing');
  process.exit(2);
}

const webhook = new Webhook(options.secret);
const received = [];
let refusals = Number(options.refuse);

function verify(body, headers) {
  const item = { id: headers['webhook-id'], timestamp: headers['webhook-timestamp'] };
  try {
    return { ...item, genuine: true, payload: webhook.verify(body, headers) };
  } catch (error) {
    return { ...item, genuine: false, error: error.message };
  }
}

const server = createServer(async (request, response) => {
  if (request.method === 'GET') {
    response.writeHead(request.url === '/received' ? 200 : 404, { 'content-type': 'application/json' });
    response.end(JSON.stringify(request.url === '/received' ? received : { error: 'GET /received' }));
    return;
  }

  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  const item = verify(body, request.headers);
  received.push(item);
  response.writeHead(!item.genuine ? 401 : refusals-- > 0 ? 503 : 204).end();
});

server.listen(Number(options.port), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
