import { mkdir, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BuildFailed, type Bundle, type Bundler } from '../bundling/bundler';
import type { RoleSettings } from '../roles';
import type { KeptRole } from './kept-role';
import { label } from './log-lines';

/** Handles file changes: builds again, and restarts only the roles that the change concerns. */
export class Changes {
  /** The changes since the last good build: a change made while the code is broken takes effect when it is fixed. */
  private readonly paths = new Set<string>();
  private builds = true;
  private stopped = false;

  constructor(
    private readonly bundler: Bundler,
    private readonly settings: RoleSettings,
    private readonly roles: KeptRole[],
    private readonly page: BuildState,
  ) {}

  /** Handles the changed paths. Reports any failure, and the last good version goes on. */
  async apply(paths: string[]): Promise<void> {
    for (const path of paths) this.paths.add(path);
    try {
      const concerned = await this.concernedBy([...this.paths]);
      this.paths.clear();
      await this.restartAll(this.roles.filter(({ role, isRunning }) => concerned.has(role.name) || !isRunning));
      await this.page.tell(); // only now: a page that reloads must find the role that serves it
    } catch (error) {
      this.say(error);
      if (error instanceof BuildFailed) await this.page.tell(error.plain);
    }
  }

  /** Stops all restarts. */
  stop(): void {
    this.stopped = true;
  }

  private async concernedBy(paths: string[]): Promise<Set<string>> {
    const concerned = new Set(await this.settings.changedBy(paths));
    const changed = await this.rebuild();
    if (changed.has('browser')) console.log('The page has changed: open ones take it up by themselves');
    for (const { role } of this.roles)
      if (changed.has('server') || (changed.has('worker') && role.kind === 'jobs')) concerned.add(role.name);
    return concerned;
  }

  private async rebuild(): Promise<Set<Bundle>> {
    const before = this.builds;
    this.builds = false;
    const changed = await this.bundler.build();
    this.builds = true;
    if (!before) console.log('It builds again');
    return changed;
  }

  /** Resolves when each of them is ready or has failed: the next change must not find one that is still starting. */
  private async restartAll(roles: KeptRole[]): Promise<void> {
    await Promise.all(roles.map(role => this.restart(role).catch(error => this.say(error))));
  }

  private async restart(role: KeptRole): Promise<void> {
    console.log(`${label(role.role)} restarts`);
    await role.restart();
  }

  private say(error: unknown): void {
    if (this.stopped) return; // failures during the stop do not matter
    const text = error instanceof Error ? error.message : String(error);
    console.error(error instanceof BuildFailed ? `${text}\nThe last good version runs on` : text);
  }
}

/** What the pages of the web role know of the last build, by a file that the Node host looks at. */
export class BuildState {
  /** @param file unset where no web role is among the roles: another `npm start` tells the page. */
  constructor(private readonly file: string | undefined) {}

  /** @param error why the sources don't build; none when they do and the roles have what is built. */
  async tell(error?: string): Promise<void> {
    if (!this.file) return;
    const next = `${this.file}.new`;
    await mkdir(dirname(this.file), { recursive: true });
    await writeFile(next, `${JSON.stringify({ at: Date.now(), ...(error && { error }) })}\n`);
    await rename(next, this.file); // nobody reads half of it
  }
}
