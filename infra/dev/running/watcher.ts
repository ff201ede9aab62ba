import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

const lookEveryMs = 400;

/**
 * Compares the size and date of every file of some folders, and reports which have come, gone or changed. For a few
 * hundred files that takes milliseconds, and it finds changes that the notifications of a system miss: renames, new
 * folders, mounts.
 */
export class Watcher {
  private seen = new Map<string, string>();
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly root: string,
    private readonly paths: string[],
  ) {}

  /** Records the files as they are now. The watch, once started, reports later changes. */
  async remember(): Promise<void> {
    this.seen = await this.look();
  }

  /** Looks again and again; the next look waits until a change has been handled. */
  start(onChange: (paths: string[]) => Promise<void>): void {
    this.timer = setTimeout(async () => {
      await this.compare(onChange);
      if (this.timer) this.start(onChange);
    }, lookEveryMs);
  }

  /** Begins no further look; the handling of a change goes on. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private async compare(onChange: (paths: string[]) => Promise<void>): Promise<void> {
    const before = this.seen;
    this.seen = await this.look();
    const changed = [...new Set([...before.keys(), ...this.seen.keys()])].filter(
      path => before.get(path) !== this.seen.get(path),
    );
    if (changed.length > 0) await onChange(changed);
  }

  private async look(): Promise<Map<string, string>> {
    const files = (await Promise.all(this.paths.map(path => this.filesOf(path)))).flat();
    const marks = await Promise.all(files.map(async path => [path, await this.mark(path)] as const));
    return new Map(marks);
  }

  /** The files of a folder, or the file itself, as paths from the root. */
  private async filesOf(path: string): Promise<string[]> {
    const entries = await readdir(join(this.root, path), { recursive: true, withFileTypes: true }).catch(() => null);
    if (!entries) return [path];
    return entries
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name).slice(this.root.length + 1));
  }

  private async mark(path: string): Promise<string> {
    const { mtimeMs, size } = await stat(join(this.root, path)).catch(() => ({ mtimeMs: 0, size: -1 }));
    return `${mtimeMs} ${size}`;
  }
}
