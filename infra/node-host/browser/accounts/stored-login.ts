/** What a browser keeps of a login. */
export interface StoredLogin {
  userId: string;
  token: string;
  tokenExpires: string;
}

/** Meteor's names, so that a login outlives a change of the host. */
const keys = { userId: 'Meteor.userId', token: 'Meteor.loginToken', tokenExpires: 'Meteor.loginTokenExpires' } as const;

/** How often the page checks for logins and logouts of other tabs that the browser didn't announce. */
const lookEveryMs = 3_000;

/** The login that the browser stores; with `session`, the tab. */
export class LoginStorage {
  private storage: Storage = usable('local');
  /** The token that this tab knows of. */
  private seen: string | undefined;

  use(kind: 'local' | 'session'): void {
    this.storage = usable(kind);
  }

  read(): StoredLogin | undefined {
    const [userId, token, tokenExpires] = [keys.userId, keys.token, keys.tokenExpires].map(
      key => this.storage.getItem(key) ?? '',
    );
    return token ? { userId: userId!, token, tokenExpires: tokenExpires! } : undefined;
  }

  write(login: { userId: string; token: string; tokenExpires: Date }): void {
    this.storage.setItem(keys.userId, login.userId);
    this.storage.setItem(keys.token, login.token);
    this.storage.setItem(keys.tokenExpires, String(login.tokenExpires));
    this.seen = login.token;
  }

  clear(): void {
    for (const key of Object.values(keys)) this.storage.removeItem(key);
    this.seen = undefined;
  }

  /** Calls back when another tab has logged in or out. */
  onChange(callback: (login: StoredLogin | undefined) => void): void {
    this.seen = this.read()?.token;
    const look = () => this.look(callback);
    addEventListener('storage', look);
    setInterval(look, lookEveryMs);
  }

  private look(callback: (login: StoredLogin | undefined) => void): void {
    const login = this.read();
    if (login?.token === this.seen) return;
    this.seen = login?.token;
    callback(login);
  }
}

/** When the browser stores nothing for this site, the login lasts as long as the page. */
function usable(kind: 'local' | 'session'): Storage {
  try {
    const storage = kind === 'local' ? localStorage : sessionStorage;
    storage.setItem('tandem.test', '1');
    storage.removeItem('tandem.test');
    return storage;
  } catch {
    return new PageStorage() as unknown as Storage;
  }
}

class PageStorage {
  private readonly items = new Map<string, string>();

  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    this.items.set(key, value);
  }

  removeItem(key: string): void {
    this.items.delete(key);
  }
}
