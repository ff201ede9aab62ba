/** The options of `Accounts.config`. Undefined means the default. */
export interface AccountsOptions {
  sendVerificationEmail?: boolean;
  forbidClientAccountCreation?: boolean;
  restrictCreationByEmailDomain?: string | ((email: string) => unknown);
  /** Milliseconds; takes precedence over the days. */
  loginExpiration?: number;
  /** null: never. */
  loginExpirationInDays?: number | null;
  passwordResetTokenExpiration?: number;
  passwordResetTokenExpirationInDays?: number;
  passwordEnrollTokenExpiration?: number;
  passwordEnrollTokenExpirationInDays?: number;
  /** false: errors say whether the name or the password was wrong. */
  ambiguousErrorMessages?: boolean;
  bcryptRounds?: number;
  /** The fields that `Meteor.user()` and the hooks get by default. */
  defaultFieldSelector?: Record<string, 0 | 1>;
  /** Where a browser keeps its token. */
  clientStorage?: 'session' | 'local';
  /** Only from `packages.accounts` in the settings. */
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
/** Practically never. */
const hundredYears = 365 * 100;
/** A browser drops a token when less than a tenth of its lifetime, or less than an hour, is left. */
const lastHourMs = 3_600_000;

/** The options of accounts on both sides, and the lifetimes that follow from them. */
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

  /** When a token that was created at this time expires. */
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

  /** Adds `defaultFieldSelector` to a query's options, unless the query includes fields itself. */
  withDefaultFields<T extends { fields?: Record<string, unknown> }>(options = {} as T): T {
    const { defaultFieldSelector } = this.options;
    if (!defaultFieldSelector) return options;
    const [first] = Object.values(options.fields ?? {});
    if (!options.fields) return { ...options, fields: defaultFieldSelector };
    if (first === undefined || first || Object.values(defaultFieldSelector)[0]) return options;
    return { ...options, fields: { ...options.fields, ...defaultFieldSelector } };
  }
}
