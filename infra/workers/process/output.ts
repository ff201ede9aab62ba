import { type AttemptLog, LastLines } from '../../queue/model/attempt-log';
import { LineSplitter } from '../protocol/line-splitter';

export type OutputStream = 'stdout' | 'stderr';

/** What a handler writes to the outputs of its worker, line by line: its last lines go into the log of its attempt. */
export class AttemptOutput {
  private readonly last = new LastLines();
  private readonly splitters = { stdout: this.splitterOf('stdout'), stderr: this.splitterOf('stderr') };

  constructor(private readonly now: () => number) {}

  push(stream: OutputStream, text: string): void {
    this.splitters[stream].push(text);
  }

  /** All of it, the last line too where it has no end. */
  get log(): AttemptLog {
    for (const splitter of Object.values(this.splitters)) splitter.end();
    return this.last.log;
  }

  private splitterOf(stream: OutputStream): LineSplitter {
    return new LineSplitter(text => this.last.push({ at: this.now(), stream, text }));
  }
}

/**
 * Passes on to `heard` what is written to the outputs of this process, beside writing it.
 *
 * @param heard does not throw.
 */
export function hearOutputs(heard: (stream: OutputStream, text: string) => void): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const output = process[stream];
    const write = output.write.bind(output) as (...args: unknown[]) => boolean;
    output.write = ((chunk: unknown, ...rest: unknown[]) => {
      if (typeof chunk === 'string') heard(stream, chunk);
      else if (chunk instanceof Uint8Array) heard(stream, Buffer.from(chunk).toString('utf8'));
      return write(chunk, ...rest);
    }) as typeof output.write;
  }
}
