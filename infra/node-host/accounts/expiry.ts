import { textOf } from '../../errors/plain-error';
import { startup } from '../boot/startup';
import type { AccountsConfig } from '../shared/accounts-config';
import { users } from './users';

const everyMs = 600_000;

/** Removes tokens whose time is over, every ten minutes. Whoever is logged in by one of them is disconnected. */
export function expireTokens(config: AccountsConfig): void {
  startup(() => {
    const sweep = () => removeExpired(config).catch(error => console.error('Expired tokens stay:', textOf(error)));
    setInterval(sweep, everyMs).unref();
  });
}

export async function removeExpired(config: AccountsConfig, now = Date.now()): Promise<void> {
  const logins = 'services.resume.loginTokens';
  const before = olderThan(now - config.loginLifetimeMs);
  await updateAll({ [`${logins}.when`]: before }, { $pull: { [logins]: { when: before } } });
  for (const [kind, lifetimeMs] of [
    ['reset', config.resetLifetimeMs],
    ['enroll', config.enrollLifetimeMs],
  ] as const) {
    const path = `services.password.${kind}`;
    await updateAll({ [`${path}.when`]: olderThan(now - lifetimeMs) }, { $unset: { [path]: '' } });
  }
}

const olderThan = (time: number) => ({ $lt: new Date(time) });

const updateAll = (selector: object, modifier: object) => users.updateAsync(selector, modifier, { multi: true });
