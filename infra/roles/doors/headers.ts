import helmet from 'helmet';
import { Meteor } from 'meteor/meteor';
import { WebApp, WebAppInternals } from 'meteor/webapp';

/** The headers that a careful app sets, on every answer. */
export async function setSecurityHeaders(): Promise<void> {
  await WebAppInternals.setInlineScriptsAllowed(false);
  WebApp.rawHandlers.use(headersFor(Meteor.absoluteUrl()));
}

/** @param rootUrl decides whether the page may be asked for by https only. */
function headersFor(rootUrl: string) {
  const { protocol, host } = new URL(rootUrl);
  const encrypted = protocol === 'https:';
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:', 'blob:'],
        fontSrc: ["'self'"],
        connectSrc: ["'self'", `${encrypted ? 'wss' : 'ws'}://${host}`],
        objectSrc: ["'none'"],
        baseUri: ["'none'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        ...(encrypted && { upgradeInsecureRequests: [] }),
      },
    },
    frameguard: { action: 'deny' },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: encrypted && { maxAge: 15_552_000, includeSubDomains: false },
  });
}
