/** What `npm start` has to say to the page. */
export interface PageState {
  /** Of the page and its script: another one means a reload. */
  page: string;
  /** Of the stylesheet: another one takes its place. */
  style: string;
  /** Why the sources don't build, with file, line and caret. */
  error?: string;
}

/**
 * Runs in the page, as text: it may use nothing of its scope. Says that the page loads, and follows what `npm start`
 * builds. It sets styles one by one, because the policy of the page allows no others.
 */
export function followBuilds(): void {
  const { page, style, changes = '' } = (document.currentScript as HTMLScriptElement).dataset;
  let shownStyle = style;
  let overlay: HTMLElement | undefined;

  const notice = add('p', 'Loading the page …', { position: 'fixed', inset: '40% 0 auto', textAlign: 'center' });
  notice.style.font = '16px system-ui, sans-serif';
  window.addEventListener('load', () => notice.remove());
  connect();

  function connect(): void {
    const socket = new WebSocket(`${location.protocol.replace('http', 'ws')}//${location.host}${changes}`);
    socket.onmessage = ({ data }) => follow(JSON.parse(data));
    socket.onclose = () => setTimeout(connect, 300); // the role restarts
  }

  function follow(state: PageState): void {
    overlay?.remove();
    overlay = undefined;
    if (state.error) showError(state.error);
    else if (state.page !== page) location.reload();
    else if (state.style !== shownStyle) changeStyle(state.style);
  }

  /** The old rules stay until the new ones are there: nothing flickers. */
  function changeStyle(hash: string): void {
    shownStyle = hash;
    const old = document.querySelectorAll('link.__meteor-css__');
    const link = document.createElement('link');
    Object.assign(link, { rel: 'stylesheet', className: '__meteor-css__', href: `/main.css?hash=${hash}` });
    link.onload = () => {
      for (const one of old) one.remove();
    };
    const last = old.item(old.length - 1);
    if (last) last.after(link);
    else document.head.prepend(link);
  }

  function showError(text: string): void {
    overlay = add('div', '', {
      position: 'fixed',
      inset: '0',
      zIndex: '2147483647',
      overflow: 'auto',
      padding: '32px',
      background: 'rgb(20 20 24 / 96%)',
      color: '#f4f4f4',
      colorScheme: 'dark',
    });
    overlay.id = 'build-error';
    overlay.setAttribute('role', 'alert');
    const title = { color: '#ff8f8f', fontFamily: 'system-ui, sans-serif', fontSize: '20px', margin: '0 0 16px' };
    add('h1', "This doesn't build", title, overlay);
    const code = { fontFamily: 'ui-monospace, monospace', fontSize: '14px', lineHeight: '1.5', whiteSpace: 'pre-wrap' };
    add('pre', text, code, overlay);
    const hint = { fontFamily: 'system-ui, sans-serif', fontSize: '14px', color: '#b8b8b8' };
    add('p', 'The last good version runs on. This goes away when it builds again.', hint, overlay);
  }

  function add(
    name: string,
    text: string,
    style: Partial<CSSStyleDeclaration>,
    to: HTMLElement = document.body,
  ): HTMLElement {
    const element = document.createElement(name);
    element.textContent = text;
    Object.assign(element.style, style);
    return to.appendChild(element);
  }
}
