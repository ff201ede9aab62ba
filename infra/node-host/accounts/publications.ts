import { startup } from '../boot/startup';
import { ddpServer } from '../ddp/ddp-server';
import type { Subscription } from '../ddp/subscription';
import type { AccountsConfig } from '../shared/accounts-config';
import { users } from './users';

type Fields = Record<string, unknown>;

/** What everybody sees of the own user. */
const necessary: Fields = { profile: 1, username: 1, emails: 1 };

/** What accounts publish without being asked: to everybody the own user. */
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
    // The app may say until then which fields it means.
    startup(() => {
      const fields = { ...this.moreFields(), ...this.fields };
      ddpServer.publish(null, function (this: Subscription) {
        return this.userId ? users.find({ _id: this.userId }, { fields }) : null;
      });
    });
  }

  /** Of default fields those that are named, not those that are left out: these are for the server. */
  private moreFields(): Fields {
    const { defaultFieldSelector = {} } = this.config.options;
    return Object.values(defaultFieldSelector)[0] ? defaultFieldSelector : {};
  }
}
