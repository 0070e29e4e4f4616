// Discord's webhooks for the integration tests, as far as texts are concerned: every message is read by an independent parser of Discord's Markdown, and
// what a reader would see is kept. It listens on the loopback interface:
//
//   node server.mjs [--port number]
//
//   stdout           one line of JSON when it listens: {"port":9300}
//   POST             a message of a webhook
//   GET /received    every message, oldest first: text, what is shown; more, what is not plain text (a mention, a format, a link with another text)
//

import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import parser from 'discord-markdown-parser';

const { values: options } = parseArgs({ options: { port: { type: 'string', default: '0' } } });
const received = [];

// A URL that shows where it leads is text to a reader.
function read(nodes, seen = { text: '', more: [] }) {
  for (const node of nodes) {
    if (node.type === 'text') seen.text += node.content;
    else if (node.type === 'br' || node.type === 'newline') seen.text += '\n';
    else if (node.type === 'url' && node.content.length === 1 && node.content[0].content === node.target) seen.text += node.target;
    else seen.more.push(node.type);
  }
  return seen;
}

const server = createServer(async (request, response) => {
  let body = '';
  for await (const piece of request.setEncoding('utf8')) body += piece;
  response.writeHead(200, { 'content-type': 'application/json' });
  if (request.method === 'GET') {
    response.end(JSON.stringify(received));
    return;
  }

  received.push(read(parser.parse(JSON.parse(body).content, 'extended')));
  response.end(JSON.stringify({ id: `${received.length}`, type: 0 }));
});

server.listen(Number(options.port), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
