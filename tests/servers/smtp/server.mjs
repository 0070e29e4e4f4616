// A real SMTP server for the integration tests. It listens on the loopback interface, on a free port unless one is named, keeps
// what it takes in memory and tells about it over a second port:
//
//   node server.mjs [--port number] [--delay milliseconds] [--starttls | --tls] [--cert file --key file] [--user name --password word]
//
//   --delay          how long a mail that is taken already waits for its 250: a client killed meanwhile cannot know
//   stdout           one line of JSON when it listens: {"port":2525,"control":8025}
//   GET /messages    every mail, oldest first: messageId, from, to, subject, text, html, headers, receivedAt
//   GET /count       {"count":3}
//   DELETE /messages  forgets them
//

import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    delay: { type: 'string', default: '0' },
    starttls: { type: 'boolean', default: false },
    tls: { type: 'boolean', default: false },
    cert: { type: 'string' },
    key: { type: 'string' },
    user: { type: 'string' },
    password: { type: 'string' },
  },
});

const encrypted = options.starttls || options.tls;
if (encrypted && !(options.cert && options.key)) {
  console.error('--starttls and --tls need --cert and --key');
  process.exit(2);
}

const messages = [];

const smtp = new SMTPServer({
  secure: options.tls,
  ...(encrypted && { cert: readFileSync(options.cert), key: readFileSync(options.key) }),
  authOptional: options.user === undefined,
  disabledCommands: [...(encrypted ? [] : ['STARTTLS']), ...(options.user === undefined ? ['AUTH'] : [])],
  allowInsecureAuth: !encrypted,
  disableReverseLookup: true,
  closeTimeout: 0,
  onAuth(auth, _session, done) {
    if (auth.username === options.user && auth.password === options.password) {
      done(null, { user: auth.username });
    } else {
      done(Object.assign(new Error('wrong name or password'), { responseCode: 535 }));
    }
  },
  // The mail is in the list before its 250 is sent: whoever was told "accepted" finds it.
  onData(stream, session, done) {
    receive(stream, session).then((number) => setTimeout(() => done(null, `Ok: queued as ${number}`), Number(options.delay)), done);
  },
});

async function receive(stream, session) {
  const mail = await simpleParser(stream);
  messages.push({
    messageId: mail.messageId,
    from: session.envelope.mailFrom.address,
    to: session.envelope.rcptTo.map((recipient) => recipient.address),
    subject: mail.subject,
    text: mail.text,
    html: mail.html,
    headers: Object.fromEntries(mail.headerLines.map(({ key, line }) => [key, line.slice(line.indexOf(':') + 1).trim()])),
    receivedAt: new Date().toISOString(),
  });
  return messages.length;
}

const control = createServer((request, response) => {
  if (request.method === 'DELETE' && request.url === '/messages') {
    messages.length = 0;
    response.writeHead(204).end();
    return;
  }

  const answer = { '/messages': messages, '/count': { count: messages.length } }[request.url];
  response.writeHead(request.method === 'GET' && answer ? 200 : 404, { 'content-type': 'application/json' });
  response.end(JSON.stringify(request.method === 'GET' && answer ? answer : { error: 'GET /messages, GET /count or DELETE /messages' }));
});

// A client that breaks off is an ordinary situation for the tests.
smtp.on('error', (error) => console.error(error.message));

const listen = (server, port) => new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen(port, '127.0.0.1', resolve);
});

await Promise.all([listen(smtp, Number(options.port)), listen(control, 0)]);
console.log(JSON.stringify({ port: smtp.server.address().port, control: control.address().port }));
