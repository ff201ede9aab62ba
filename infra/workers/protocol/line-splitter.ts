const longestLine = 16_000;

/** Cuts a stream of text into lines; a line that never ends is passed on in pieces. */
export class LineSplitter {
  private rest = '';

  constructor(private readonly onLine: (line: string) => void) {}

  push(text: string): void {
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) this.onLine(line.replace(/\r$/, ''));
    if (this.rest.length > longestLine) this.end();
  }

  /** Passes on the text after the last line end. */
  end(): void {
    const rest = this.rest;
    this.rest = '';
    if (rest) this.onLine(rest);
  }
}
