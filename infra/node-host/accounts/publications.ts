import { startup } from '../boot/startup';
import { ddpServer } from '../ddp/ddp-server';
import type { Subscription } from '../ddp/subscription';
import type { AccountsConfig } from '../shared/accounts-config';
import { users } from './users';

type Fields = Record<string, unknown>;

/** The fields of its own user that every client gets. */
const necessary: Fields = { profile: 1, username: 1, emails: 1 };

/** Publishes to every client its own user. */
export class UserPublications {
  private fields = necessary;

  constructor(private readonly config: AccountsConfig) {}

  setDefaultFields(fields: Fields): void {
    this.fields = fields;
  }

  start(): void {
    ddpServer.publish('meteor.loginServiceConfiguration', function (this: Subscription) {
      this.ready();
    });
    // At startup, so that the app can set the fields first.
    startup(() => {
      const fields = { ...this.moreFields(), ...this.fields };
      ddpServer.publish(null, function (this: Subscription) {
        return this.userId ? users.find({ _id: this.userId }, { fields }) : null;
      });
    });
  }

  /** Default fields that are included. Exclusions concern the server only. */
  private moreFields(): Fields {
    const { defaultFieldSelector = {} } = this.config.options;
    return Object.values(defaultFieldSelector)[0] ? defaultFieldSelector : {};
  }
}
