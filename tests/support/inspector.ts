import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { eventually } from './eventually';

interface Script {
  scriptId: string;
  url: string;
  sourceMapURL: string;
}

/** Where a process stands still. */
export interface Paused {
  callFrames: { callFrameId: string; functionName: string }[];
}

/** A debugger of one process, by the inspector's protocol, as an editor speaks it. */
export class Inspector {
  private readonly scripts: Script[] = [];
  private readonly waiting = new Map<number, { resolve(result: never): void; reject(error: Error): void }>();
  private lastId = 0;
  private paused: Paused | undefined;

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', data => this.hear(JSON.parse(String(data))));
    socket.on('close', () => {
      for (const { reject } of this.waiting.values()) reject(new Error('the process has closed the inspector'));
    });
  }

  /** Attaches to what listens at a port of this machine. */
  static async attach(port: number): Promise<Inspector> {
    const [target] = (await (await fetch(`http://127.0.0.1:${port}/json/list`)).json()) as {
      webSocketDebuggerUrl: string;
    }[];
    const socket = new WebSocket(target!.webSocketDebuggerUrl);
    await new Promise((done, failed) => socket.once('open', done).once('error', failed));
    const inspector = new Inspector(socket);
    await inspector.ask('Debugger.enable');
    return inspector;
  }

  /**
   * Sets a breakpoint where a piece of text stands in the bundle that runs.
   *
   * @returns the file and the line of its source, as the source map has them.
   */
  async breakAt(text: string): Promise<{ file: string; line: number }> {
    for (const script of this.scripts.filter(({ url }) => url.endsWith('.js') && url.includes('/tandem-checkout-'))) {
      const { scriptSource } = await this.ask<{ scriptSource: string }>('Debugger.getScriptSource', {
        scriptId: script.scriptId,
      });
      const before = scriptSource.slice(0, scriptSource.indexOf(text)).split('\n');
      if (!scriptSource.includes(text)) continue;
      const at = { lineNumber: before.length - 1, columnNumber: before.at(-1)!.length };
      await this.ask('Debugger.setBreakpoint', { location: { scriptId: script.scriptId, ...at } });
      return sourceOf(script, at);
    }
    throw new Error(`No script of this process has ${JSON.stringify(text)}`);
  }

  /** Resolves when the process stands still. */
  untilPaused(): Promise<Paused> {
    return eventually(() => this.paused);
  }

  /** What an expression is where it stands still. */
  async evaluate(expression: string): Promise<unknown> {
    const [{ callFrameId }] = (await this.untilPaused()).callFrames as [Paused['callFrames'][number]];
    const { result } = await this.ask<{ result: { value: unknown } }>('Debugger.evaluateOnCallFrame', {
      callFrameId,
      expression,
      returnByValue: true,
    });
    return result.value;
  }

  async goOn(): Promise<void> {
    this.paused = undefined;
    await this.ask('Debugger.resume');
  }

  close(): void {
    this.socket.close();
  }

  private ask<T = unknown>(method: string, params: object = {}): Promise<T> {
    this.lastId += 1;
    const id = this.lastId;
    this.socket.send(JSON.stringify({ id, method, params }));
    return new Promise((done, failed) => this.waiting.set(id, { resolve: done, reject: failed }));
  }

  private hear(message: { id?: number; method?: string; params?: object; result?: object; error?: object }): void {
    if (message.method === 'Debugger.scriptParsed') this.scripts.push(message.params as Script);
    if (message.method === 'Debugger.paused') this.paused = message.params as Paused;
    const asked = message.id === undefined ? undefined : this.waiting.get(message.id);
    if (message.error) asked?.reject(new Error(JSON.stringify(message.error)));
    else asked?.resolve(message.result as never);
  }
}

function sourceOf({ url, sourceMapURL }: Script, at: { lineNumber: number; columnNumber: number }) {
  const path = url.startsWith('file:') ? fileURLToPath(url) : url;
  const [, inline] = /^data:.*?;base64,(.*)$/.exec(sourceMapURL) ?? [];
  const text = inline
    ? Buffer.from(inline, 'base64').toString()
    : readFileSync(resolve(dirname(path), sourceMapURL), 'utf8');
  const entry = new SourceMap(JSON.parse(text)).findEntry(at.lineNumber, at.columnNumber);
  if (!('originalSource' in entry)) throw new Error(`The map of ${path} knows nothing of ${JSON.stringify(at)}`);
  return { file: resolve(dirname(path), entry.originalSource), line: entry.originalLine + 1 };
}
