import type { AccountsConfig } from '../../shared/accounts-config';
import { MeteorError } from '../../shared/meteor-error';
import { OrderedHooks } from '../../shared/ordered-hooks';
import { Tracker } from '../../tracker/tracker';
import { connection, DDP } from '../connection';
import { ReactiveVar } from '../reactive-var';
import type { LoginStorage, StoredLogin } from './stored-login';
import { users } from './users';

/** The result of a login method. */
export interface LoginDetails {
  id: string;
  token: string;
  tokenExpires: Date;
  type?: string;
}

/** Called without an error if it succeeded. */
export type Callback = (error?: Error, details?: LoginDetails) => void;

export interface LoginMethodOptions {
  methodName?: string;
  methodArguments?: unknown[];
  /** @throws if this page does not accept the result */
  validateResult?: (result: LoginDetails) => void;
  userCallback?: Callback | null;
  /** `loggingIn` stays false meanwhile. */
  _suppressLoggingIn?: boolean;
}

const userId = () => Tracker.nonreactive(() => connection.userId());

/** The login of this page's connection: it survives reloads and lost connections and is shared by the browser's tabs. */
export class Login {
  readonly loggingIn = new ReactiveVar(false);
  readonly loggingOut = new ReactiveVar(false);
  readonly onLogin = new OrderedHooks<LoginDetails | undefined>('onLogin');
  readonly onLoginFailure = new OrderedHooks<{ error: Error }>('onLoginFailure');
  readonly onLogout = new OrderedHooks<void>('onLogout');
  /** Whether the present login has been announced to the hooks. */
  isAnnounced = false;
  private stopResuming = () => {};

  constructor(
    private readonly config: AccountsConfig,
    private readonly stored: LoginStorage,
  ) {}

  /** Resumes the stored login, and follows logins and logouts of other tabs. */
  start(afterResume: (token: string, error?: Error) => void): void {
    const login = this.stored.read();
    this.stored.onChange(other => this.follow(other));
    if (!login || userId()) return;
    if (this.config.expiresSoon(login.tokenExpires)) {
      this.stored.clear();
      return;
    }
    // The page shows the user while the login is under way, so that nothing flickers.
    connection.setUserId(login.userId || null);
    this.resume(login.token, error => afterResume(login.token, error));
  }

  /** Logs in by a stored token. A refused token is forgotten. */
  resume(token: string, callback?: Callback): void {
    this.loginWithToken(token, (error, details) => {
      if (error) this.loggedOut();
      callback?.(error, details);
    });
  }

  loginWithToken(token: string, userCallback?: Callback): void {
    this.call({ methodArguments: [{ resume: token }], userCallback });
  }

  /** Calls a method that logs in. It calls back when the user's document is there. */
  call(options: LoginMethodOptions): void {
    const { methodName = 'login', methodArguments = [{}], validateResult } = options;
    const finish = this.finisher(options);
    let isTakenOver = false;
    const onResultReceived = (error?: Error, result?: unknown) => {
      if (error || !(result as LoginDetails | undefined)?.token) return;
      const takeOver = () => {
        isTakenOver = true;
        return finish;
      };
      this.resumeOnReconnect(result as LoginDetails, takeOver);
    };
    const dataIsVisible = (error?: Error, result?: unknown) => {
      if (isTakenOver) return;
      if (error || !result) finish(error ?? new Error(`No result from call to ${methodName}`));
      else this.accept(result as LoginDetails, validateResult, finish);
    };
    if (!options._suppressLoggingIn) this.loggingIn.set(true);
    connection.apply(methodName, methodArguments, { wait: true, onResultReceived }, dataIsVisible);
  }

  logout(callback?: Callback): void {
    this.loggingOut.set(true);
    connection.apply('logout', [], { wait: true }, error => {
      this.loggingOut.set(false);
      if (!error) this.loggedOut();
      callback?.(error);
    });
  }

  /** Both calls are queued at once: nothing can come between them. */
  logoutOtherClients(callback?: Callback): void {
    connection.apply('getNewToken', [], { wait: true }, (error, result) => {
      if (!error) this.store(result as LoginDetails);
    });
    connection.apply('removeOtherTokens', [], { wait: true }, error => callback?.(error));
  }

  loggedOut(): void {
    if (userId()) void this.onLogout.tell(() => {});
    this.isAnnounced = false;
    this.stored.clear();
    connection.setUserId(null);
    this.stopResuming();
  }

  private store({ id, token, tokenExpires }: LoginDetails): void {
    this.stored.write({ userId: id, token, tokenExpires: tokenExpires ?? this.config.tokenExpiration(new Date()) });
  }

  /** Ends a login, once. */
  private finisher({ userCallback }: LoginMethodOptions): (error?: Error, details?: LoginDetails) => void {
    let isDone = false;
    return async (error, details) => {
      if (isDone) return;
      isDone = true;
      this.isAnnounced = !error;
      await (error ? this.onLoginFailure.tell(() => ({ error })) : this.onLogin.tell(() => details));
      this.loggingIn.set(false);
      userCallback?.(error, details);
    };
  }

  private accept(result: LoginDetails, validate: LoginMethodOptions['validateResult'], finish: Callback): void {
    try {
      validate?.(result);
    } catch (error) {
      finish(error as Error);
      return;
    }
    this.store(result);
    connection.setUserId(result.id);
    // The login doesn't wait for the publication of the own document.
    Tracker.autorun(computation => {
      const isStillIn = connection.userId() === result.id;
      if (isStillIn && !users.findOne(result.id, { fields: { _id: 1 } })) return;
      computation.stop();
      finish(undefined, result);
    });
  }

  /**
   * Logs a new connection in again, before it sends anything else.
   *
   * @param takeOver hands over a login whose result has arrived but not its data
   */
  private resumeOnReconnect(result: LoginDetails, takeOver: () => Callback): void {
    this.stopResuming();
    const { stop } = DDP.onReconnect(reconnected => {
      if (reconnected !== connection) return;
      const finish = takeOver();
      const login = this.stored.read() ?? (userId() ? undefined : result);
      if (!login || this.config.expiresSoon(login.tokenExpires)) {
        this.loggedOut();
        finish(new MeteorError(403, 'Your session has expired. Please log in again.'));
        return;
      }
      const userCallback: Callback = (error, details) => {
        // Another tab may have stored a newer token meanwhile.
        if (error && (this.stored.read()?.token ?? login.token) === login.token) this.loggedOut();
        finish(error, details);
      };
      this.call({ methodArguments: [{ resume: login.token }], _suppressLoggingIn: true, userCallback });
    });
    this.stopResuming = stop;
  }

  private follow(login: StoredLogin | undefined): void {
    if (login) this.resume(login.token);
    else this.logout();
  }
}
