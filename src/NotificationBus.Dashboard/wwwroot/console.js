// What the server cannot know: the reader's zone, the light they like, and the keys they press.
(() => {
  const root = document.documentElement;
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const chosen = () => { try { return localStorage.getItem('theme'); } catch { return null; } };
  const paint = () => { root.dataset.theme = chosen() ?? (dark.matches ? 'dark' : 'light'); };
  paint();
  dark.addEventListener('change', paint);

  document.addEventListener('click', event => {
    const target = event.target;
    if (!(target instanceof Element)) return;
    if (target.closest('[data-theme-switch]')) {
      try { localStorage.setItem('theme', root.dataset.theme === 'dark' ? 'light' : 'dark'); } catch { /* It lasts as long as the page. */ }
      paint();
    }
    const copy = target.closest('[data-copy]');
    if (copy) {
      navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
        copy.classList.add('is-copied');
        setTimeout(() => copy.classList.remove('is-copied'), 1500);
      });
    }
  });

  // A slash leads to the field, wherever nobody is writing.
  document.addEventListener('keydown', event => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target instanceof Element && event.target.closest('input, textarea, select, [contenteditable]')) return;
    const field = document.querySelector('.ask input');
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
  });

  const two = number => String(number).padStart(2, '0');
  const exact = at => new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'long' }).format(at) + ` · ${at.toISOString()}`;
  const clock = at => `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  const day = at => at.toLocaleDateString('en-GB', {
    day: 'numeric',
    month: 'short',
    ...(at.getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' }),
  });

  const span = seconds => {
    const [number, unit] = seconds < 60 ? [seconds, 's']
      : seconds < 3600 ? [seconds / 60, 'min']
      : seconds < 86400 ? [seconds / 3600, 'h']
      : [seconds / 86400, 'd'];
    return `${Math.floor(number)} ${unit}`;
  };

  const relative = at => {
    const seconds = Math.round((Date.now() - at) / 1000);
    if (Math.abs(seconds) < 5) return 'just now';
    if (seconds > 7 * 86400) return `${day(at)}, ${two(at.getHours())}:${two(at.getMinutes())}`;
    return seconds > 0 ? `${span(seconds)} ago` : `in ${span(-seconds)}`;
  };

  const forms = {
    ago: relative,
    since: at => `${day(at)}, ${clock(at)} · for ${span(Math.max(0, Math.round((Date.now() - at) / 1000)))}`,
    clock: at => `${clock(at)}.${String(at.getMilliseconds()).padStart(3, '0')}`,
    time: clock,
    hour: at => `${two(at.getHours())}:${two(at.getMinutes())}`,
    full: at => `${day(at)}, ${clock(at)}`,
  };

  const shown = new Set();
  customElements.define('time-ago', class extends HTMLElement {
    static observedAttributes = ['at', 'form'];

    connectedCallback() {
      this.attachShadow({ mode: 'open' });
      shown.add(this);
      this.write();
    }

    disconnectedCallback() { shown.delete(this); }

    attributeChangedCallback() { if (this.shadowRoot) this.write(); }

    write() {
      const at = new Date(this.getAttribute('at'));
      if (Number.isNaN(at.getTime())) return;
      const text = (forms[this.getAttribute('form')] ?? relative)(at);
      if (this.shadowRoot.textContent !== text) this.shadowRoot.textContent = text;
      const title = exact(at);
      if (this.title !== title) this.title = title;
    }
  });
  // Searches that somebody keeps: in this browser, for each who signs in.
  const make = (name, properties, ...children) => {
    const element = Object.assign(document.createElement(name), properties);
    element.append(...children);
    return element;
  };

  customElements.define('saved-views', class extends HTMLElement {
    static observedAttributes = ['who', 'address'];

    connectedCallback() { this.draw(); }

    attributeChangedCallback() { if (this.isConnected) this.draw(); }

    get place() { return `views ${this.getAttribute('who') ?? ''}`; }

    get views() {
      try {
        const kept = JSON.parse(localStorage.getItem(this.place) ?? '[]');
        return kept.filter(view => typeof view.name === 'string' && /^\/notifications(\?|$)/.test(view.address));
      } catch { return []; }
    }

    keep(views) {
      try { localStorage.setItem(this.place, JSON.stringify(views)); } catch { /* This browser keeps nothing. */ }
      this.draw();
    }

    draw() {
      const address = this.getAttribute('address') ?? '';
      const views = this.views;
      const parts = views.map((view, place) => make('span', { className: `view${view.address === address ? ' is-on' : ''}` },
        make('a', { href: view.address, textContent: view.name }),
        make('button', {
          type: 'button',
          textContent: '×',
          ariaLabel: `Forget ${view.name}`,
          title: 'Forget',
          onclick: () => this.keep(views.filter((_, other) => other !== place)),
        })));
      if (address.includes('?') && !views.some(view => view.address === address)) {
        const name = make('input', {
          name: 'view',
          maxLength: 60,
          required: true,
          placeholder: 'Name of this search',
          ariaLabel: 'Name of this search',
          autocomplete: 'off',
        });
        const keep = make('button', { className: 'button is-small', textContent: 'Keep it' });
        const form = make('form', { className: 'view-form' }, name, keep);
        form.addEventListener('submit', event => {
          event.preventDefault();
          event.stopPropagation();
          const said = name.value.trim();
          if (said) this.keep([...views, { name: said, address }]);
        });
        parts.push(form);
      }
      const note = make('span', { className: 'soft small', textContent: 'Kept in this browser' });
      this.replaceChildren(...(views.length > 0 ? [note] : []), ...parts);
    }
  });

  setInterval(() => shown.forEach(element => element.write()), 1000);
})();
