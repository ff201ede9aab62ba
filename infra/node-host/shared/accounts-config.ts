/** What `Accounts.config` takes. Undefined means the default. */
export interface AccountsOptions {
  sendVerificationEmail?: boolean;
  forbidClientAccountCreation?: boolean;
  restrictCreationByEmailDomain?: string | ((email: string) => unknown);
  /** Milliseconds; goes before the days. */
  loginExpiration?: number;
  /** null: never. */
  loginExpirationInDays?: number | null;
  passwordResetTokenExpiration?: number;
  passwordResetTokenExpirationInDays?: number;
  passwordEnrollTokenExpiration?: number;
  passwordEnrollTokenExpirationInDays?: number;
  /** false: tell a visitor whether the name or the password was wrong. */
  ambiguousErrorMessages?: boolean;
  bcryptRounds?: number;
  /** What `Meteor.user()` and the hooks get of a user, where nothing else is asked for. */
  defaultFieldSelector?: Record<string, 0 | 1>;
  /** Where a browser keeps its token. */
  clientStorage?: 'session' | 'local';
  /** Of packages.accounts in the settings only. */
  passwordMaxLength?: number;
}

const known = new Set<string>([
  'sendVerificationEmail',
  'forbidClientAccountCreation',
  'restrictCreationByEmailDomain',
  'loginExpiration',
  'loginExpirationInDays',
  'passwordResetTokenExpiration',
  'passwordResetTokenExpirationInDays',
  'passwordEnrollTokenExpiration',
  'passwordEnrollTokenExpirationInDays',
  'ambiguousErrorMessages',
  'bcryptRounds',
  'defaultFieldSelector',
  'clientStorage',
  'passwordMaxLength',
] satisfies (keyof AccountsOptions)[]);

const dayMs = 86_400_000;
/** As good as never. */
const hundredYears = 365 * 100;
/** A browser takes a token for expired when less than a tenth of its life is left, or an hour. */
const lastHourMs = 3_600_000;

/** The options of accounts, on both sides, and what follows from them. */
export class AccountsConfig {
  readonly options: AccountsOptions = {};

  constructor(given: AccountsOptions = {}) {
    this.set(given);
  }

  set(given: AccountsOptions): void {
    for (const [name, value] of Object.entries(given)) {
      if (known.has(name)) Object.assign(this.options, { [name]: value });
      else
        console.error(`Accounts.config: the option ${name} is not part of the Node host: nothing follows from it here`);
    }
  }

  /** When a token that was made then expires. */
  tokenExpiration(when: Date | number): Date {
    return new Date(new Date(when).getTime() + this.loginLifetimeMs);
  }

  expiresSoon(expires: Date | string): boolean {
    const tooLittleMs = Math.min(this.loginLifetimeMs / 10, lastHourMs);
    return Date.now() > new Date(expires).getTime() - tooLittleMs;
  }

  get loginLifetimeMs(): number {
    const { loginExpiration, loginExpirationInDays } = this.options;
    const days = loginExpirationInDays === null ? hundredYears : loginExpirationInDays || 90;
    return loginExpiration || days * dayMs;
  }

  get bcryptRounds(): number {
    return this.options.bcryptRounds || 10;
  }

  get resetLifetimeMs(): number {
    const { passwordResetTokenExpiration, passwordResetTokenExpirationInDays } = this.options;
    return passwordResetTokenExpiration || (passwordResetTokenExpirationInDays || 3) * dayMs;
  }

  get enrollLifetimeMs(): number {
    const { passwordEnrollTokenExpiration, passwordEnrollTokenExpirationInDays } = this.options;
    return passwordEnrollTokenExpiration || (passwordEnrollTokenExpirationInDays || 30) * dayMs;
  }

  /** Options of a query for a user, with the fields that are meant where it names none, or only some to leave out. */
  withDefaultFields<T extends { fields?: Record<string, unknown> }>(options = {} as T): T {
    const { defaultFieldSelector } = this.options;
    if (!defaultFieldSelector) return options;
    const [first] = Object.values(options.fields ?? {});
    if (!options.fields) return { ...options, fields: defaultFieldSelector };
    if (first === undefined || first || Object.values(defaultFieldSelector)[0]) return options;
    return { ...options, fields: { ...options.fields, ...defaultFieldSelector } };
  }
}
