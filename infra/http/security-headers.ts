import helmet from 'helmet';
import { Meteor } from 'meteor/meteor';
import { WebApp, WebAppInternals } from 'meteor/webapp';
import type { SecurityAdditions } from '../app';
import { contentSecurityPolicy } from './content-security-policy';

/** The headers that a careful app sets, on every answer. */
export async function setSecurityHeaders(additions: SecurityAdditions | undefined): Promise<void> {
  await WebAppInternals.setInlineScriptsAllowed(false);
  const rootUrl = Meteor.absoluteUrl();
  const encrypted = new URL(rootUrl).protocol === 'https:';
  WebApp.rawHandlers.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: contentSecurityPolicy(rootUrl, additions) },
      frameguard: { action: 'deny' },
      referrerPolicy: { policy: 'same-origin' },
      strictTransportSecurity: encrypted && { maxAge: 15_552_000, includeSubDomains: false },
    }),
  );
}
