import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProcess, type TestProcess } from '../../tests/support/processes';
import { readProcesses, treeUsage, type Usage } from '../queue/process-usage';
import { type PartUsage, round, type Start } from './figures';

export interface PartOptions {
  name: string;
  script: string;
  env: NodeJS.ProcessEnv;
  /** Resolves when it does its work. */
  ready(said: string): Promise<boolean> | boolean;
}

const lookEveryMs = 10;
const patienceMs = 60_000;

/** A process of a set-up. It starts again when it has ended, as every host starts it again. */
export class Part {
  /** How often it has ended by itself. */
  restarts = 0;
  private process?: TestProcess;
  private before = '';
  private stopped = false;

  constructor(
    readonly options: PartOptions,
    private readonly folder: string,
  ) {}

  get name(): string {
    return this.options.name;
  }

  get output(): string {
    return this.before + (this.process?.output ?? '');
  }

  usage(processes = readProcesses()): Usage {
    return this.process ? treeUsage(this.process.pid, processes) : { cpuMs: 0, megabytes: 0, processes: 0, threads: 0 };
  }

  /** @returns what its start cost. @throws with what it said, where it is not ready in time. */
  async start(): Promise<Start> {
    const from = performance.now();
    this.spawn();
    while (!(await this.isReady())) {
      if (performance.now() - from > patienceMs || this.restarts > 0)
        throw new Error(`${this.name} is not ready. It said:\n${this.output}`);
      await new Promise(resolve => setTimeout(resolve, lookEveryMs));
    }
    const ms = round(performance.now() - from);
    const { cpuMs, megabytes, threads } = this.usage();
    return { part: this.name, ms, cpuMs, megabytes: round(megabytes), threads };
  }

  /** As when its container or its machine goes: the workers that it has started go as well. */
  kill(): void {
    this.process?.kill();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.process?.signal('SIGTERM');
    const timer = setTimeout(() => this.process?.kill(), 5_000);
    await this.process?.ended;
    clearTimeout(timer);
    this.process?.kill();
  }

  private async isReady(): Promise<boolean> {
    return Promise.resolve(this.options.ready(this.output)).catch(() => false);
  }

  private spawn(): void {
    const { script, env } = this.options;
    const started = startProcess(process.execPath, [script], { cwd: this.folder, env });
    this.process = started;
    void started.ended.then(() => {
      started.kill(); // workers that it has left
      if (this.stopped) return;
      this.restarts += 1;
      this.before += started.output;
      this.spawn();
    });
  }
}

/** All processes of a set-up. */
export class Parts {
  private constructor(
    private readonly all: readonly Part[],
    private readonly folder: string,
  ) {}

  /** In turn, so that the start of one costs the others nothing. */
  static async start(options: readonly PartOptions[]): Promise<{ parts: Parts; starts: Start[] }> {
    const folder = await mkdtemp(join(tmpdir(), 'tandem-profile-'));
    const parts = new Parts(
      options.map(one => new Part(one, folder)),
      folder,
    );
    const starts: Start[] = [];
    try {
      for (const part of parts.all) starts.push(await part.start());
    } catch (error) {
      await parts.stop();
      throw error;
    }
    return { parts, starts };
  }

  usage(): (Usage & { part: string })[] {
    const processes = readProcesses();
    return this.all.map(part => ({ part: part.name, ...part.usage(processes) }));
  }

  restarts(): string[] {
    return this.all.flatMap(part => Array<string>(part.restarts).fill(part.name));
  }

  /** The last of this name. */
  kill(name: string): void {
    this.all.findLast(part => part.name === name)?.kill();
  }

  get output(): string {
    return this.all.map(({ output }) => output).join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all(this.all.map(part => part.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

const sampleEveryMs = 500;

/** Watches what the parts of a set-up use. */
export class UsageWatch {
  private readonly from = performance.now();
  private readonly first: (Usage & { part: string })[];
  private readonly most: PartUsage[];
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly parts: Parts) {
    this.first = parts.usage();
    this.most = this.first.map(({ part }) => ({ part, cpuPercent: 0, megabytes: 0, processes: 0, threads: 0 }));
    this.timer = setInterval(() => this.look(), sampleEveryMs);
    this.look();
  }

  stop(): PartUsage[] {
    clearInterval(this.timer);
    this.look();
    return this.most;
  }

  private look(): void {
    const elapsed = Math.max(1, performance.now() - this.from);
    for (const [index, now] of this.parts.usage().entries()) {
      const most = this.most[index]!;
      const cpuMs = Math.max(0, now.cpuMs - this.first[index]!.cpuMs);
      // One that has started again has used less than before.
      if (cpuMs > 0) most.cpuPercent = round((100 * cpuMs) / elapsed);
      for (const figure of ['megabytes', 'processes', 'threads'] as const)
        most[figure] = Math.max(most[figure], round(now[figure]));
    }
  }
}
