interface UrlOptions {
  /** https, unless the url is one of this machine. */
  secure?: boolean;
  /** 127.0.0.1 in place of localhost. */
  replaceLocalhost?: boolean;
  /** In place of ROOT_URL. */
  rootUrl?: string;
}

const ofThisMachine = /^http:\/\/(localhost|127\.0\.0\.1)[:/]/;

/** `Meteor.absoluteUrl`; each side finds its root url in its own way. */
export function makeAbsoluteUrl(rootUrl: () => string | undefined) {
  const defaultOptions: UrlOptions = {};
  /** The whole url of `path` on this site. @throws when no root url is known */
  const absoluteUrl = (path?: string | UrlOptions, given?: UrlOptions): string => {
    const options = { ...defaultOptions, ...(typeof path === 'object' ? path : given) };
    const root = options.rootUrl ?? rootUrl();
    if (!root) throw new Error('Must pass options.rootUrl or set ROOT_URL in the server environment');
    let url = (/^http[s]?:\/\//i.test(root) ? root : `http://${root}`).replace(/\/?$/, '/');
    if (typeof path === 'string') url += path.replace(/^\/+/, '');
    if (options.secure && !ofThisMachine.test(url)) url = url.replace(/^http:/, 'https:');
    return options.replaceLocalhost ? url.replace(/^http:\/\/localhost([:/])/, 'http://127.0.0.1$1') : url;
  };
  return Object.assign(absoluteUrl, { defaultOptions });
}
