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
  const day = at => at.toLocaleDateString('en-GB', { day: 'numeric', month: 'short', ...(at.getFullYear() === new Date().getFullYear() ? {} : { year: 'numeric' }) });

  const span = seconds => {
    const [number, unit] = seconds < 60 ? [seconds, 's'] : seconds < 3600 ? [seconds / 60, 'min'] : seconds < 86400 ? [seconds / 3600, 'h'] : [seconds / 86400, 'd'];
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
  setInterval(() => shown.forEach(element => element.write()), 1000);
})();
