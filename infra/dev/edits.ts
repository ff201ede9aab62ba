import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseJson } from './json-file';

/** What is to be done to a checkout: collected and checked first, then done at once. */
export class Edits {
  /** The new text of each file; undefined where it goes. */
  private readonly texts = new Map<string, string | undefined>();
  private readonly problems: string[] = [];

  constructor(private readonly root: string) {}

  /** As it will be after all that has been asked for so far. */
  text(file: string): string {
    return (this.texts.has(file) ? this.texts.get(file) : this.onDisk(file)) ?? '';
  }

  /** The files that get a new text, or have got it. */
  written(): string[] {
    return [...this.texts].filter(([, text]) => text !== undefined).map(([file]) => file);
  }

  /** As it is until `apply`; undefined where it is not there. */
  onDisk(file: string): string | undefined {
    const path = join(this.root, file);
    return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  }

  write(file: string, text: string): void {
    this.texts.set(file, text);
  }

  /** Every match is replaced; that there is none is a problem, unless the file is gone as well. */
  replace(file: string, pattern: RegExp, by: string): void {
    const text = this.text(file);
    const replaced = text.replace(pattern, by);
    if (replaced === text && !pattern.test(text)) this.refuse(`${file}: has nothing like ${pattern} any more`);
    else this.texts.set(file, replaced);
  }

  /** Takes out these lines, each of which is there once. That one is not is a problem, unless the file is gone as well. */
  removeLines(file: string, lines: readonly string[]): void {
    if (this.text(file) === '') return;
    const all = this.text(file).split('\n');
    for (const line of lines)
      if (all.filter(one => one === line).length !== 1) this.refuse(`${file}: does not have this line once: ${line}`);
    this.texts.set(file, all.filter(one => one === '' || !lines.includes(one)).join('\n'));
  }

  /** Says what stands in the way: nothing will be done then. */
  refuse(problem: string): void {
    this.problems.push(problem);
  }

  json(file: string, change: (value: Record<string, never>) => void): void {
    const value = parseJson(this.text(file), file) as Record<string, never>;
    change(value);
    this.texts.set(file, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** A file, or a folder with all that is in it. One that is not there is fine: somebody has removed it already. */
  remove(path: string): void {
    for (const file of this.filesIn(path)) this.texts.set(file, undefined);
  }

  /**
   * All of it or, where the disk refuses in the middle, nothing.
   *
   * @throws with everything that stands in the way, before a file is touched.
   */
  apply(): void {
    if (this.problems.length > 0)
      throw new Error(`Nothing was changed:\n${this.problems.map(line => `  ${line}`).join('\n')}`);
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
