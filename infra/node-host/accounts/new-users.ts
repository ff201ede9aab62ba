import { messageOf } from '../../errors/plain-error';
import type { AccountsConfig } from '../shared/accounts-config';
import { check, Match } from '../shared/check';
import { MeteorError } from '../shared/meteor-error';
import { Random } from '../shared/random';
import type { CredentialsError } from './credentials-error';
import { refuseTaken, sameInAnyCase } from './find-users';
import { hashPassword, type Password, passwordPattern } from './passwords';
import { addressesOf, type Services, type User, users } from './users';

/** The options of `createUser`; further keys are for `onCreateUser`. */
export interface NewUserOptions {
  username?: string;
  email?: string;
  password?: Password;
  profile?: Record<string, unknown>;
  [more: string]: unknown;
}

type Make = (options: NewUserOptions, user: User) => User | Promise<User>;

/** Creates users: applies the app's hooks and refuses names and addresses that are taken. */
export class NewUsers {
  private readonly validations: ((user: User) => unknown)[] = [user => this.hasRightDomain(user)];
  private make: Make | undefined;

  constructor(
    private readonly config: AccountsConfig,
    private readonly error: CredentialsError,
  ) {}

  onCreateUser(make: Make): void {
    if (this.make) throw new Error('Can only call onCreateUser once');
    this.make = make;
  }

  validateNewUser(isValid: (user: User) => unknown): void {
    this.validations.push(isValid);
  }

  /** @returns its id */
  async create(options: NewUserOptions): Promise<string> {
    const { passwordMaxLength } = this.config.options;
    const password = Match.Optional(passwordPattern(passwordMaxLength));
    check(options, Match.ObjectIncluding({ username: text, email: text, password }));
    if (!options.username && !options.email) throw new MeteorError(400, 'Need to set a username or email');
    const hashed = options.password && (await hashPassword(options.password, this.config.bcryptRounds));
    return this.insertUnlessTaken(options, hashed ? { password: { bcrypt: hashed } } : {});
  }

  /** Runs the hooks and inserts the document. @returns its id */
  async insert(options: NewUserOptions, given: Partial<User>): Promise<string> {
    const user = { createdAt: new Date(), _id: Random.id(), ...given };
    const made = this.make ? await this.make(options, user) : withProfile(options, user);
    for (const isValid of this.validations)
      if (!(await isValid(made))) throw new MeteorError(403, 'User validation failed');
    return users.insertAsync(made).catch(error => {
      throw duplicateOf(error) ?? error;
    }) as Promise<string>;
  }

  private async insertUnlessTaken(options: NewUserOptions, services: Services): Promise<string> {
    const { username, email } = options;
    await this.refuseTaken(options);
    const named = { ...(username ? { username } : {}), ...(email ? { emails: [unverified(email)] } : {}) };
    const id = await this.insert(options, { services, ...named });
    try {
      // Another user with this name in another case may have been created meanwhile.
      await this.refuseTaken(options, id);
    } catch (error) {
      await users.removeAsync(id);
      throw error;
    }
    return id;
  }

  private async refuseTaken({ username, email }: NewUserOptions, owner?: string): Promise<void> {
    await refuseTaken(this.error, 'username', username, owner);
    await refuseTaken(this.error, 'email', email, owner);
  }

  /** @throws if the address must belong to a domain and does not */
  private hasRightDomain(user: User): boolean {
    const { restrictCreationByEmailDomain: domain } = this.config.options;
    if (!domain || emailsOf(user).some(email => isOf(domain, email))) return true;
    throw new MeteorError(
      403,
      typeof domain === 'string' ? `@${domain} email required` : "Email doesn't match the criteria.",
    );
  }
}

const text = Match.Optional(String);
const unverified = (address: string) => ({ address, verified: false });

function withProfile({ profile }: NewUserOptions, user: User): User {
  return profile ? { ...user, profile } : user;
}

/** The user's addresses, or those of a login service when there are none. */
function emailsOf(user: User): string[] {
  if (user.emails?.length) return addressesOf(user);
  return Object.values(user.services ?? {}).flatMap(service =>
    typeof service?.email === 'string' ? service.email : [],
  );
}

const isOf = (domain: string | ((email: string) => unknown), email: string): boolean =>
  typeof domain === 'string'
    ? sameInAnyCase(domain).test(email.slice(email.lastIndexOf('@') + 1))
    : Boolean(domain(email));

/** The error for a duplicate key in the database. */
function duplicateOf(error: unknown): MeteorError | undefined {
  if ((error as { code?: unknown }).code !== 11000) return undefined;
  if (messageOf(error).includes('emails.address')) return new MeteorError(403, 'Email already exists.');
  if (messageOf(error).includes('username')) return new MeteorError(403, 'Username already exists.');
  return undefined;
}
