import { Meteor } from 'meteor/meteor';
import type { Service } from '../app';
import { linkFactor, sendLimits } from '../http/message-limits';
import { connectJobs, LinkClient, LinkServer, type LinkServerOptions, LocalJobs } from '../link';
import type { AppContext } from './app-context';
import { asService } from './service';

const developmentSecret = 'development-without-a-secret-of-its-own';

/**
 * What both ends of the link share, or why there is none. In development the two roles find each other without a secret;
 * in production that would be an open door.
 */
function secretOf({ settings }: AppContext): string | undefined {
  return settings.link.secret ?? (Meteor.isProduction ? undefined : developmentSecret);
}

/** Of what the jobs role takes over the link: the rest is for nudges, and for clocks that differ. */
const ownShare = 0.8;

const noSecret = 'link.secret is not set';

/** The web role's end. */
export function linkToJobs(context: AppContext): Service {
  const { events, settings } = context;
  const { url: urls, waitMs, retryMs } = settings.link;
  const { messageBytes } = settings.limits;
  const secret = secretOf(context);
  if (!secret || urls.length === 0) return linkOff(context, secret ? 'link.url is not set' : noSecret);
  const maySend = () => sendLimits(settings.limits, linkFactor * ownShare);
  const client = new LinkClient({ urls, secret, waitMs, retryMs, messageBytes, maySend, emit: events.emit });
  context.healthSources.link = () => (client.isUp() ? 'up' : 'down');
  return asService('link to the jobs role', {
    async start() {
      connectJobs(client);
      // Where the database has no change streams, this is what saves the jobs role's next look.
      events.on('task.added', () => client.nudge());
      await client.start();
    },
    stop: () => client.stop(),
  });
}

/** The jobs role's end. */
export interface LinkFromWeb {
  services: Service[];
  isLink(connectionId: string): boolean;
}

export function linkFromWeb(context: AppContext, jobs: Omit<LinkServerOptions, 'secret' | 'emit'>): LinkFromWeb {
  const { emit } = context.events;
  const secret = secretOf(context);
  const local = asService('jobs', { start: async () => connectJobs(new LocalJobs(jobs)) });
  if (!secret) return { services: [local, linkOff(context, noSecret, false)], isLink: () => false };
  const server = new LinkServer({ ...jobs, secret, emit });
  context.healthSources.link = () => `${server.links} up`;
  return { services: [local, asService('link from the web role', server)], isLink: id => server.isLink(id) };
}

function linkOff({ events, healthSources }: AppContext, reason: string, nobody = true): Service {
  healthSources.link = () => 'off';
  return asService('no link', {
    async start() {
      if (nobody) connectJobs({ off: reason });
      events.emit('link.off', { reason });
    },
  });
}
