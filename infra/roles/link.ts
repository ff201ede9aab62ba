import { Meteor } from 'meteor/meteor';
import type { Service } from '../app';
import { connectJobs, LinkClient, LinkServer, type LinkServerOptions, LocalJobs } from '../link';
import type { Ground } from './ground';
import { asService, serviceOf } from './service';

const developmentSecret = 'development-without-a-secret-of-its-own';

/**
 * What both ends of the link share, or why there is none. In development the two roles find each other without a secret;
 * in production that would be an open door.
 */
function secretOf({ settings }: Ground): string | undefined {
  return settings.link.secret ?? (Meteor.isProduction ? undefined : developmentSecret);
}

const noSecret = 'link.secret is not set';

/** The web role's end. */
export function linkToJobs(ground: Ground): Service {
  const { url: urls, waitMs, retryMs } = ground.settings.link;
  const { events } = ground;
  const secret = secretOf(ground);
  if (!secret || urls.length === 0) return linkOff(ground, secret ? 'link.url is not set' : noSecret);
  const client = new LinkClient({ urls, secret, waitMs, retryMs, emit: events.emit });
  ground.healthSources.link = () => (client.isUp() ? 'up' : 'down');
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

export function linkFromWeb(ground: Ground, jobs: Omit<LinkServerOptions, 'secret' | 'emit'>): LinkFromWeb {
  const { emit } = ground.events;
  const secret = secretOf(ground);
  const local = asService('jobs', { start: async () => connectJobs(new LocalJobs(jobs)) });
  if (!secret) return { services: [local, linkOff(ground, noSecret, false)], isLink: () => false };
  const server = new LinkServer({ ...jobs, secret, emit });
  ground.healthSources.link = () => `${server.links} up`;
  return { services: [local, serviceOf('link from the web role', server)], isLink: id => server.isLink(id) };
}

function linkOff({ events, healthSources }: Ground, reason: string, nobody = true): Service {
  healthSources.link = () => 'off';
  return asService('no link', {
    async start() {
      if (nobody) connectJobs({ off: reason });
      events.emit('link.off', { reason });
    },
  });
}
