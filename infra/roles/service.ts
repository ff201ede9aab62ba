import type { Service } from '../app';

/** A list of services, started in order and stopped in reverse. */
export class Services {
  private readonly started: Service[] = [];
  private stopping?: Promise<void>;

  /** @param failed called for each service that could not stop; the others still stop. */
  constructor(private readonly failed: (service: string, error: unknown) => void) {}

  /** @throws the error of the first service that can't start; the ones before it are to be stopped then. */
  async startAll(services: readonly Service[]): Promise<void> {
    for (const service of services) {
      if (this.stopping) return;
      this.started.push(service);
      await service.start();
    }
  }

  stopAll(): Promise<void> {
    this.stopping ??= this.stopInReverse();
    return this.stopping;
  }

  private async stopInReverse(): Promise<void> {
    for (const service of this.started.toReversed()) {
      try {
        await service.stop(); // of an app: it may throw at once, or be no promise
      } catch (error) {
        this.failed(service.name, error);
      }
    }
  }
}

/** Names something that starts, stops, or both. */
export function asService(name: string, of: { start?(): Promise<unknown>; stop?(): Promise<unknown> }): Service {
  return { name, start: async () => void (await of.start?.()), stop: async () => void (await of.stop?.()) };
}
