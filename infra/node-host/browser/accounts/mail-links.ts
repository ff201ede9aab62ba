import { Meteor } from '../modules/meteor';

/** @param done call it when the link is dealt with: until then the stored login is not resumed */
type LinkCallback = (token: string, done: () => void) => void;

const kinds = ['reset-password', 'verify-email', 'enroll-account'] as const;
type Kind = (typeof kinds)[number];

/** The mail's link that opened the page, if any. */
export class MailLinks {
  private readonly callbacks: Partial<Record<Kind, LinkCallback>> = {};

  on =
    (kind: Kind) =>
    (callback: LinkCallback): void => {
      if (this.callbacks[kind]) console.error(`There is a callback for ${kind} links already: the later one counts`);
      this.callbacks[kind] = callback;
    };

  /** @param start resumes the stored login: at once, or after the link has been dealt with */
  start(start: () => void): void {
    const [, kind, token] = /^#\/([\w-]+)\/(.*)$/.exec(location.hash) ?? [];
    if (isKind(kind) && token) this.follow(kind, token, once(start));
    else start();
  }

  private follow(kind: Kind, token: string, done: () => void): void {
    location.hash = '';
    // At startup the page's callbacks are registered.
    Meteor.startup(() => {
      const callback = this.callbacks[kind];
      if (callback) callback(token, done);
      else done();
    });
  }
}

function once(run: () => void): () => void {
  let hasRun = false;
  return () => {
    if (!hasRun) run();
    hasRun = true;
  };
}

const isKind = (text: string | undefined): text is Kind => kinds.some(kind => kind === text);
