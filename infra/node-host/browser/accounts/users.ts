import { MemoryCollection } from '../../ddp-client/minimongo/collection';
import type { Document, Selector } from '../../ddp-client/minimongo/selector';
import { connection } from '../connection';

/** `Meteor.users` in a page: the published users. A page may write its own user's `profile`. */
class Users extends MemoryCollection {
  override updateAsync = (selector: Selector, modifier: object): Promise<number> =>
    connection.applyAsync('/users/updateAsync', [byId(selector), modifier, {}]) as Promise<number>;

  /** The callback gets the result. */
  override update(selector: Selector, modifier: object, ...more: unknown[]): number {
    const callback = more.find(each => typeof each === 'function') as
      | ((error?: Error, count?: number) => void)
      | undefined;
    this.updateAsync(selector, modifier).then(
      count => callback?.(undefined, count),
      error => (callback ? callback(error) : console.error('Meteor.users.update failed', error)),
    );
    return 1;
  }
}

const byId = (selector: Selector) => (typeof selector === 'string' ? { _id: selector } : selector);

export interface OwnUser extends Document {
  _id: string;
  username?: string;
  emails?: { address: string; verified: boolean }[];
  profile?: Record<string, unknown>;
}

export const users = new Users('users', { connection });
