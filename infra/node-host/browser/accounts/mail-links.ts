import { Meteor } from '../modules/meteor';

/** @param done to be called when the page is through with it: until then nobody is logged in by what the browser remembers */
type LinkCallback = (token: string, done: () => void) => void;

const kinds = ['reset-password', 'verify-email', 'enroll-account'] as const;
type Kind = (typeof kinds)[number];

/** The link of a mail that the page was opened by, if it was. */
export class MailLinks {
  private readonly callbacks: Partial<Record<Kind, LinkCallback>> = {};

  on =
    (kind: Kind) =>
    (callback: LinkCallback): void => {
      if (this.callbacks[kind]) console.error(`There is a callback for ${kind} links already: the later one counts`);
      this.callbacks[kind] = callback;
    };

  /** @param start begins to log in; at once, unless a link has to be dealt with first */
  start(start: () => void): void {
    const [, kind, token] = /^#\/([\w-]+)\/(.*)$/.exec(location.hash) ?? [];
    if (isKind(kind) && token) this.follow(kind, token, once(start));
    else start();
  }

  private follow(kind: Kind, token: string, done: () => void): void {
    location.hash = '';
    // The page's code registers its callbacks until then.
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
