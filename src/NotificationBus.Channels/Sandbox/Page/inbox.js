// What the sandbox caught, live. Caught content is a stranger's: it reaches the page as textContent or inside a sandboxed
// frame, never as markup.

import { examples } from './examples.js';

const $ = id => document.getElementById(id);
const rows = $('rows');
const reading = $('reading');
const narrow = matchMedia('(max-width: 780px)');

const caught = new Map();   // number -> { delivery, row }, oldest first
const unread = new Set();
let edition = null;
let capacity = Infinity;
let newestAtConnect = 0;
let newestCaught = 0;
let channel = 'all';
let selected = null;

// ── What a delivery looks like in words ──────────────────────────────────────────────────────────────────────────────

const channelNames = { all: 'All', email: 'Email', push: 'Push', chat: 'Chat', sms: 'SMS', webhook: 'Webhook', 'in-app': 'In-app' };
const channelName = key => Object.hasOwn(channelNames, key) ? channelNames[key] : key;
const channelIcon = key => $(`channel-${key}`) instanceof SVGSymbolElement ? `#channel-${key}` : '#channel-other';

const oneLine = text => String(text ?? '').replace(/\s+/g, ' ').trim();

function fieldsOf(content) {
  return Object.entries(content).map(([name, value]) =>
    [name, typeof value === 'string' ? value : JSON.stringify(value, null, 2)]);
}

function wordsOf({ channel, category, content, recipientName, address }) {
  const [title, snippet] =
    channel === 'email' ? [content.subject, content.text]
    : channel === 'push' ? [content.title, content.body]
    : channel === 'sms' ? [content.text, content.segments === 1 ? '' : `${content.segments} parts`]
    : channel === 'chat' ? content.text.split(/\n([\s\S]*)/)
    : channel === 'webhook' ? [category, JSON.stringify(content.data)]
    : Object.values(content).filter(value => typeof value === 'string');
  return { title: oneLine(title) || 'No title', snippet: oneLine(snippet), to: recipientName || address };
}

const distance = new Intl.RelativeTimeFormat('en', { numeric: 'always', style: 'short' });
const dayAndTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' });
const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', day: 'numeric', month: 'long' });

function ago(at) {
  const seconds = Math.max(0, (Date.now() - at) / 1000);
  if (seconds < 60) return 'now';
  if (seconds < 3600) return distance.format(-Math.floor(seconds / 60), 'minute').replace('.', '');
  if (seconds < 86400) return distance.format(-Math.floor(seconds / 3600), 'hour').replace('.', '');
  return distance.format(-Math.floor(seconds / 86400), 'day');
}

function setTime(element, at) {
  element.dateTime = at;
  element.title = dayAndTime.format(new Date(at));
  element.textContent = ago(new Date(at));
}

/** Clones a template and fills its slots with text. */
function stamp(id, words) {
  const node = $(id).content.firstElementChild.cloneNode(true);
  fill(node, words);
  return node;
}

function fill(node, words) {
  for (const slot of node.querySelectorAll('[data-slot]'))
    if (slot.dataset.slot in words) slot.textContent = words[slot.dataset.slot];
}

const hueOf = text => [...text].reduce((hue, letter) => (hue * 31 + letter.codePointAt(0)) % 360, 7);

// A Thai vowel can be written before the letter it follows; the initial is the first letter that can stand alone.
const initialOf = text => /[\p{Lo}\p{Lu}\p{Ll}\p{N}]/u.exec(text.replace(/^[เแโใไ]+/u, ''))?.[0].toUpperCase() ?? '·';

// ── The list ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function add(delivery) {
  if (caught.has(delivery.number)) return;

  const words = wordsOf(delivery);
  const row = stamp('row', { ...words, channel: channelName(delivery.channel), initial: initialOf(words.to) });
  row.id = `delivery-${delivery.number}`;
  row.dataset.number = delivery.number;
  row.dataset.notification = delivery.notificationId;
  row.dataset.haystack = [words.to, words.title, words.snippet, delivery.address, delivery.category, delivery.notificationId]
    .join('\n')
    .toLowerCase();
  row.querySelector('use').setAttribute('href', channelIcon(delivery.channel));
  row.querySelector('.avatar').style.setProperty('--hue', hueOf(words.to));
  setTime(row.querySelector('time'), delivery.at);

  caught.set(delivery.number, { delivery, row });
  newestCaught = delivery.number;
  // One notification stays together, where its newest delivery is.
  const kin = rows.querySelectorAll(`[data-notification="${CSS.escape(delivery.notificationId)}"]`);
  rows.prepend(row);
  row.after(...kin);
  row.hidden = !matches(row, delivery);

  if (delivery.number > newestAtConnect) {
    row.classList.add('arrived');
    unread.add(delivery.number);
    row.classList.add('unread');
    $('news').textContent = `${channelName(delivery.channel)} for ${words.to}: ${words.title}`;
  }

  if (caught.size > capacity) forget(caught.keys().next().value);
  if (shownPhone() === delivery.address && delivery.channel === 'push') showPhone(delivery.number);
  later();
}

function forget(number) {
  caught.get(number).row.remove();
  caught.delete(number);
  unread.delete(number);
  if (selected === number) select(null);
}

function startAfresh() {
  caught.clear();
  newestCaught = 0;
  unread.clear();
  rows.replaceChildren();
  channel = 'all';
  $('search').value = '';
  history.replaceState(null, '', location.pathname);
  select(null);
  disarmClear();
  later();
}

function matches(row, delivery) {
  const query = $('search').value.trim().toLowerCase();
  return (channel === 'all' || delivery.channel === channel) && (query === '' || row.dataset.haystack.includes(query));
}

function filter() {
  for (const { delivery, row } of caught.values()) row.hidden = !matches(row, delivery);
  later();
}

// A burst of events is drawn once.
let drawing = false;
function later() {
  if (drawing) return;
  drawing = true;
  setTimeout(() => { drawing = false; draw(); });
}

function draw() {
  document.body.dataset.state = caught.size > 0 ? 'filled' : edition ? 'empty' : 'loading';
  document.title = `${unread.size > 0 ? `(${unread.size}) ` : ''}Inbox · NotificationBus`;
  drawKin();
  $('no-rows').hidden = caught.size === 0 || visibleRows().length > 0;
  drawClear();
  drawChannels();

  const fromAddress = Number(location.hash.slice(1));
  if (selected === null && caught.has(fromAddress)) select(fromAddress);
  // What was here before comes in pieces; the first piece to be drawn ends with an old delivery.
  else if (selected === null && !narrow.matches && newestCaught >= newestAtConnect)
    select(Number(visibleRows()[0]?.dataset.number) || null);
}

/** Joins the rows of one notification, and leads from the delivery that is read to the others. */
function drawKin() {
  let above = null;
  for (const row of visibleRows()) {
    row.classList.toggle('joined', above?.dataset.notification === row.dataset.notification);
    above = row;
  }

  const fact = reading.querySelector('.kin-fact');
  if (!fact || selected === null) return;
  const { notificationId } = caught.get(selected).delivery;
  const kin = [...caught.values()]
    .map(({ delivery }) => delivery)
    .filter(other => other.notificationId === notificationId && other.number !== selected);
  fact.hidden = kin.length === 0;
  const list = fact.querySelector('.kin');
  if (list.dataset.of === kin.map(({ number }) => number).join()) return;
  list.dataset.of = kin.map(({ number }) => number).join();
  list.replaceChildren(...kin.map(other => {
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.kin = other.number;
    button.append(channelName(other.channel));
    return button;
  }));
}

function drawChannels() {
  const counts = new Map([['all', caught.size]]);
  for (const { delivery } of [...caught.values()].sort((a, b) => a.delivery.channel.localeCompare(b.delivery.channel)))
    counts.set(delivery.channel, (counts.get(delivery.channel) ?? 0) + 1);

  const known = new Map([...$('channels').children].map(button => [button.dataset.channel, button]));
  for (const [key, count] of counts) {
    const button = known.get(key) ?? channelButton(key);
    known.delete(key);
    button.setAttribute('aria-pressed', String(key === channel));
    const number = button.querySelector('.count');
    if (number.textContent !== String(count)) number.textContent = count;
    $('channels').append(button);
  }
  for (const gone of known.values()) gone.remove();
}

function channelButton(key) {
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset.channel = key;
  const count = document.createElement('span');
  count.className = 'count';
  button.append(channelName(key), ' ', count);
  return button;
}

const visibleRows = () => [...rows.children].filter(row => !row.hidden);

// ── The reading pane ─────────────────────────────────────────────────────────────────────────────────────────────────

function select(number) {
  if (selected !== null) caught.get(selected)?.row.setAttribute('aria-selected', 'false');
  selected = number;
  if (number === null) {
    rows.removeAttribute('aria-activedescendant');
    reading.replaceChildren();
    document.body.dataset.view = 'list';
    return;
  }

  const { delivery, row } = caught.get(number);
  unread.delete(number);
  row.classList.remove('unread');
  row.setAttribute('aria-selected', 'true');
  rows.setAttribute('aria-activedescendant', row.id);
  row.scrollIntoView({ block: 'nearest' });
  const show = { email: showEmail, push: showPush }[delivery.channel] ?? showOther;
  reading.replaceChildren(show(delivery));
  reading.querySelector('[data-back]')?.addEventListener('click', leave);
  reading.scrollTop = 0;
  if (delivery.channel === 'push') showPhone();
  if (delivery.isCut) complete(number);
  later();
}

/** The stream brings the beginning of what is long; who reads it gets all of it. */
async function complete(number) {
  const answer = await fetch(`/inbox/deliveries/${number}`);
  if (!answer.ok || !caught.has(number)) return;
  caught.get(number).delivery = await answer.json();
  if (selected === number) select(number);
}

/** Opens a delivery on the reader's behalf: on a phone this turns the page. */
function open(number) {
  select(number);
  if (narrow.matches) {
    if (document.body.dataset.view === 'list') history.pushState(null, '', `#${number}`);
    document.body.dataset.view = 'item';
    reading.querySelector('[data-back]')?.focus();
  } else {
    history.replaceState(null, '', `#${number}`);
  }
}

function leave() {
  history.replaceState(null, '', location.pathname);
  document.body.dataset.view = 'list';
  rows.focus();
}

function facts(delivery) {
  const node = stamp('facts', {
    ...delivery,
    recipientName: delivery.recipientName || 'Not named',
    caught: dayAndTime.format(new Date(delivery.at)),
  });
  node.querySelector('.from-fact').hidden = !delivery.from;
  node.querySelector('a').href = `/v1/notifications/${encodeURIComponent(delivery.notificationId)}`;
  return node;
}

function showEmail(delivery) {
  const words = wordsOf(delivery);
  const angle = delivery.recipientName ? `<${delivery.address}>` : '';
  const node = stamp('email', { ...words, angle, text: delivery.content.text });
  node.querySelector('.mail-head').append(facts(delivery));

  const frame = node.querySelector('iframe');
  const note = node.querySelector('.paper-note');
  const address = `/inbox/deliveries/${delivery.number}/html`;
  frame.src = address;

  // A link in the e-mail may try to take the frame elsewhere; the page's policy stops it, and this brings the e-mail back.
  let loads = 0;
  frame.addEventListener('load', () => {
    if (++loads % 2 === 1) return;
    note.hidden = false;
    frame.src = address;
  });

  for (const button of node.querySelectorAll('[data-body]'))
    button.addEventListener('click', () => {
      const plain = button.dataset.body === 'text';
      for (const other of node.querySelectorAll('[data-body]')) other.setAttribute('aria-pressed', String(other === button));
      frame.hidden = plain;
      node.querySelector('.plain').hidden = !plain;
      note.hidden = true;
    });
  return node;
}

function showPush(delivery) {
  const node = stamp('push', wordsOf(delivery));
  node.dataset.phone = delivery.address;
  node.querySelector('.beside').append(facts(delivery));
  return node;
}

const shownPhone = () => reading.querySelector('.push')?.dataset.phone;

/** Draws the lock screen of the phone being shown: everything its address got, newest first. */
function showPhone(arrival = null) {
  const phone = reading.querySelector('.push');
  const cards = [...caught.values()]
    .map(({ delivery }) => delivery)
    .filter(delivery => delivery.channel === 'push' && delivery.address === phone.dataset.phone)
    .reverse()
    .map(delivery => {
      const item = stamp('card', { ...wordsOf(delivery), snippet: delivery.content.body, title: delivery.content.title });
      const card = item.firstElementChild;
      card.dataset.number = delivery.number;
      if (delivery.number === selected) card.setAttribute('aria-current', 'true');
      if (delivery.number === arrival) item.classList.add('arrived');
      setTime(card.querySelector('time'), delivery.at);
      return item;
    });

  const focused = document.activeElement?.closest('.card')?.dataset.number;
  phone.querySelector('.cards').replaceChildren(...cards);
  if (focused) phone.querySelector(`.card[data-number="${focused}"]`)?.focus();
  const current = phone.querySelector('[aria-current]');
  if (current && arrival === null)
    phone.querySelector('.cards').scrollTop = current.offsetTop - 8 - current.parentElement.parentElement.offsetTop;
  tick();
}

function showOther(delivery) {
  const node = stamp('other', { ...wordsOf(delivery), channel: channelName(delivery.channel) });
  const list = node.querySelector('.fields');
  for (const [name, value] of fieldsOf(delivery.content)) {
    const field = document.createElement('div');
    const term = document.createElement('dt');
    const text = document.createElement('dd');
    term.textContent = name;
    text.textContent = value;
    text.dir = 'auto';
    field.append(term, text);
    list.append(field);
  }
  node.append(facts(delivery));
  return node;
}

// ── Time passes ──────────────────────────────────────────────────────────────────────────────────────────────────────

function tick() {
  const now = new Date();
  for (const time of document.querySelectorAll('time')) if (time.dateTime) time.textContent = ago(new Date(time.dateTime));
  fill(reading, { clock: clock.format(now), date: weekday.format(now) });
}

setInterval(tick, 10_000);

// ── Hands ────────────────────────────────────────────────────────────────────────────────────────────────────────────

rows.addEventListener('click', event => {
  const row = event.target.closest('.row');
  if (row) open(Number(row.dataset.number));
});

reading.addEventListener('click', event => {
  const kin = event.target.closest('[data-kin]');
  if (kin) return open(Number(kin.dataset.kin));
  const card = event.target.closest('.card');
  if (!card) return;
  select(Number(card.dataset.number));
  reading.querySelector('.card[aria-current]')?.focus();
});

$('channels').addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  channel = button.dataset.channel;
  if (selected !== null && channel !== 'all' && caught.get(selected).delivery.channel !== channel) select(null);
  filter();
});

$('search').addEventListener('input', filter);

document.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey || caught.size === 0) return;
  const typing = event.target === $('search');
  if (event.key === '/' && !typing) {
    event.preventDefault();
    $('search').focus();
    return;
  }
  if (event.key === 'Escape' && typing) {
    $('search').value = '';
    filter();
    rows.focus();
    return;
  }
  if (event.key === 'Escape' && document.body.dataset.view === 'item') return leave();
  if (event.key === 'Enter' && event.target === rows && selected !== null) return open(selected);

  // Arrows belong to the list, unless what has the focus scrolls by them.
  if (event.target.closest('.plain, .card, pre') || document.body.dataset.view === 'item') return;
  const visible = visibleRows();
  const here = visible.findIndex(row => Number(row.dataset.number) === selected);
  const there =
    event.key === 'ArrowDown' ? Math.min(here + 1, visible.length - 1)
    : event.key === 'ArrowUp' ? Math.max(here - 1, 0)
    : event.key === 'Home' && !typing ? 0
    : event.key === 'End' && !typing ? visible.length - 1
    : null;
  if (there === null || visible.length === 0) return;
  event.preventDefault();
  if (!typing) rows.focus({ preventScroll: true });
  if (there === here) return;
  const number = Number(visible[there].dataset.number);
  if (narrow.matches) select(number);
  else open(number);
});

addEventListener('popstate', () => {
  const number = Number(location.hash.slice(1));
  if (caught.has(number)) select(number);
  document.body.dataset.view = narrow.matches && caught.has(number) ? 'item' : 'list';
});

// A second press within three seconds clears: one alone may be a slip. What arrives in between only changes the number,
// or a busy inbox could never be cleared.
let armed;
function drawClear() {
  $('clear').hidden = caught.size === 0;
  $('clear').textContent = armed ? `Clear all ${caught.size}?` : 'Clear';
  $('clear').classList.toggle('armed', Boolean(armed));
}

function disarmClear() {
  clearTimeout(armed);
  armed = undefined;
  drawClear();
}

$('clear').addEventListener('click', async () => {
  if (!armed) {
    armed = setTimeout(disarmClear, 3000);
    drawClear();
    return;
  }
  disarmClear();
  // The stream answers with a new edition, here and in every other window.
  await fetch('/inbox/deliveries', { method: 'DELETE' });
});

for (const { event, says, about } of examples) {
  const item = document.createElement('li');
  const button = document.createElement('button');
  const name = document.createElement('code');
  button.type = 'button';
  name.textContent = event;
  button.append(says, name);
  button.addEventListener('click', () => send(event, about()));
  item.append(button);
  $('example-list').append(item);
}

async function send(event, about) {
  const note = $('examples-note');
  note.hidden = true;
  try {
    const answer = await fetch(`/v1/events/${event}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(about),
    });
    if (answer.ok) return $('examples').hidePopover();
    const problem = await answer.json();
    note.textContent = problem.detail;
  } catch {
    note.textContent = 'The host does not answer.';
  }
  note.hidden = false;
}

$('origin').textContent = location.protocol === 'http:' ? location.host : location.origin;

$('copy').addEventListener('click', async () => {
  const command = $('command').textContent.replace(/ \\\n\s*/g, ' ').replace(/\n\s*/g, '');
  try {
    await navigator.clipboard.writeText(command);
    $('copy').textContent = 'Copied';
    setTimeout(() => $('copy').textContent = 'Copy', 2000);
  } catch {
    // Without a secure context there is no clipboard; a selection is the next best thing.
    getSelection().selectAllChildren($('command'));
  }
});

// ── The stream ───────────────────────────────────────────────────────────────────────────────────────────────────────

function say(state, text) {
  $('live').dataset.live = state;
  $('live-text').textContent = text;
}

function listen() {
  const stream = new EventSource('/inbox/stream');
  stream.addEventListener('open', () => say('on', 'Live'));

  // Another edition means that the host restarted or somebody cleared the inbox.
  stream.addEventListener('edition', event => {
    const announced = JSON.parse(event.data);
    if (edition !== null && edition !== announced.edition) startAfresh();
    if (edition !== announced.edition) newestAtConnect = announced.newest;
    ({ edition, capacity } = announced);
    later();
  });

  stream.addEventListener('delivery', event => add(JSON.parse(event.data)));

  stream.addEventListener('error', () => {
    say('off', 'Reconnecting');
    // The browser retries a lost connection by itself, but gives up on an answer that is no stream.
    if (stream.readyState !== EventSource.CLOSED) return;
    setTimeout(listen, 2000);
  });
}

listen();
