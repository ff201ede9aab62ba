import { createHash, randomBytes } from 'node:crypto';
import { Meteor } from 'meteor/meteor';
import { Mongo } from 'meteor/mongo';
import { Roles } from 'meteor/roles';
import type { RoleParts, Service } from '../../../infra/app';
import { createRoles, hasAdministrator } from './roles';

/** A link that makes whoever opens it first an administrator. It can't be read from what is stored. */
interface AdministratorLink {
  /** The hash of its token. */
  _id: string;
  expiresAt: Date;
}

const Links = new Mongo.Collection<AdministratorLink>('administratorLinks');
const dayMs = 86_400_000;

export const ensureLinkIndexes = () => Links.createIndexAsync({ expiresAt: 1 }, { expireAfterSeconds: 0 });

/** Prints a link at each start of a web role, as long as nobody is an administrator. Those who read the log may use it. */
export function firstAdministrator({ emit }: Pick<RoleParts, 'emit'>): Service {
  return {
    name: 'first administrator',
    async start() {
      await createRoles();
      if (await hasAdministrator()) return;
      const message = `nobody is an administrator yet: open ${await newLink()} within a day to become the first one`;
      emit('administrator.missing', { level: 'warn', message });
    },
    async stop() {},
  };
}

async function newLink(): Promise<string> {
  const token = randomBytes(24).toString('hex');
  await Links.insertAsync({ _id: hashOf(token), expiresAt: new Date(Date.now() + dayMs) });
  return Meteor.absoluteUrl(`#/first-administrator/${token}`);
}

/** @throws Meteor.Error `link-used` where the link has been used, is too old, or somebody is an administrator already. */
export async function becomeAdministrator(userId: string, token: string): Promise<void> {
  const taken = await Links.removeAsync({ _id: hashOf(token), expiresAt: { $gt: new Date() } });
  if (taken === 0 || (await hasAdministrator())) throw linkUsed();
  await Roles.addUsersToRolesAsync(userId, 'admin');
  await Links.removeAsync({});
}

const linkUsed = () =>
  new Meteor.Error(
    'link-used',
    'This link is used or too old. While there is no administrator, a restart prints another.',
  );

const hashOf = (token: string) => createHash('sha256').update(token).digest('hex');
