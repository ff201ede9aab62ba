import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is to be done to a checkout: collected and checked first, then done at once. */
export class Edits {
  /** The new text of each file; undefined where it goes. */
  private readonly texts = new Map<string, string | undefined>();
  private readonly problems: string[] = [];

  constructor(private readonly root: string) {}

  /** As it will be after all that has been asked for so far. */
  text(file: string): string {
    if (!this.texts.has(file)) this.texts.set(file, existsSync(join(this.root, file)) ? this.read(file) : undefined);
    return this.texts.get(file) ?? '';
  }

  write(file: string, text: string): void {
    this.texts.set(file, text);
  }

  /** Every match is replaced; that there is none is a problem, unless the file is gone as well. */
  replace(file: string, pattern: RegExp, by: string): void {
    const text = this.text(file);
    const replaced = text.replace(pattern, by);
    if (replaced === text && !pattern.test(text)) this.problems.push(`${file}: has nothing like ${pattern} any more`);
    else this.texts.set(file, replaced);
  }

  json(file: string, change: (value: Record<string, never>) => void): void {
    const value = JSON.parse(this.text(file));
    change(value);
    this.texts.set(file, `${JSON.stringify(value, null, 2)}\n`);
  }

  /** A file, or a folder with all that is in it. One that is not there is fine: somebody has removed it already. */
  remove(path: string): void {
    for (const file of this.filesIn(path)) this.texts.set(file, undefined);
  }

  /** @throws with everything that stands in the way, before a file is touched. */
  apply(): void {
    if (this.problems.length > 0)
      throw new Error(`Nothing was changed:\n${this.problems.map(line => `  ${line}`).join('\n')}`);
    for (const [file, text] of this.texts) {
      const path = join(this.root, file);
      if (text === undefined) rmSync(path, { force: true });
      else {
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
      }
    }
    for (const file of this.texts.keys()) this.removeEmpty(dirname(file));
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

  private read(file: string): string {
    return readFileSync(join(this.root, file), 'utf8');
  }
}
