import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseJson } from './json-file';

/** Edits of a checkout: collected and checked first, then applied together. */
export class Edits {
  /** The new text of each file; undefined for a file to remove. */
  private readonly texts = new Map<string, string | undefined>();
  private readonly problems: string[] = [];

  constructor(private readonly root: string) {}

  /** The text of a file after all edits so far. */
  text(file: string): string {
    return (this.texts.has(file) ? this.texts.get(file) : this.onDisk(file)) ?? '';
  }

  /** The files with a new text. */
  written(): string[] {
    return [...this.texts].filter(([, text]) => text !== undefined).map(([file]) => file);
  }

  /** The text of a file before `apply`; undefined if there is none. */
  onDisk(file: string): string | undefined {
    const path = join(this.root, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  write(file: string, text: string): void {
    this.texts.set(file, text);
  }

  /** Replaces a text wherever it stands; that it is nowhere is a problem. */
  replace(file: string, given: string, by: string): void {
    const text = this.text(file);
    if (text.includes(given))
      this.texts.set(
        file,
        text.replaceAll(given, () => by),
      );
    else this.refuse(`${file}: does not have this any more: ${given.trim()}`);
  }

  /**
   * Removes these lines, each of which must be there once. A missing one is a problem, unless the file is gone as well.
   */
  removeLines(file: string, lines: readonly string[]): void {
    if (this.text(file) === '') return;
    const all = this.text(file).split('\n');
    for (const line of lines)
      if (all.filter(one => one === line).length !== 1) this.refuse(`${file}: does not have this line once: ${line}`);
    this.texts.set(file, all.filter(one => one === '' || !lines.includes(one)).join('\n'));
  }

  /** Adds a problem, which prevents all edits. */
  refuse(problem: string): void {
    this.problems.push(problem);
  }

  json(file: string, change: (value: never) => void): void {
    const value = parseJson(this.text(file), file) as never;
    change(value);
    this.texts.set(file, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** Removes a file, or a folder with its content. A missing one is fine: somebody has removed it already. */
  remove(path: string): void {
    for (const file of this.filesIn(path)) this.texts.set(file, undefined);
  }

  /** @throws with everything that stands in the way. */
  check(): void {
    if (this.problems.length > 0)
      throw new Error(`Nothing was changed:\n${this.problems.map(line => `  ${line}`).join('\n')}`);
  }

  /**
   * Applies all edits, or none if the disk fails in the middle.
   *
   * @throws with all problems, before a file is touched.
   */
  apply(): void {
    this.check();
    const before = new Map([...this.texts.keys()].map(file => [file, this.onDisk(file)]));
    try {
      this.put(this.texts);
    } catch (error) {
      this.put(before);
      throw error;
    }
    for (const file of this.texts.keys()) this.removeEmpty(dirname(file));
  }

  private put(texts: ReadonlyMap<string, string | undefined>): void {
    for (const [file, text] of texts) {
      const path = join(this.root, file);
      if (text === undefined) rmSync(path, { force: true });
      else {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      }
    }
  }

  private removeEmpty(folder: string): void {
    const path = join(this.root, folder);
    if (folder === '.' || !existsSync(path) || readdirSync(path).length > 0) return;
    rmSync(path, { recursive: true });
    this.removeEmpty(dirname(folder));
  }

  private filesIn(path: string): string[] {
    const full = join(this.root, path);
    if (!existsSync(full)) return [];
    if (statSync(full).isFile()) return [path];
    return readdirSync(full).flatMap(name => this.filesIn(`${path}/${name}`));
  }
}
