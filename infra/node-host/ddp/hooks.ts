import { bindEnvironment } from '../environment';

/** Callbacks that can be registered and removed. */
export class Hooks<Args extends unknown[]> {
  private readonly callbacks = new Set<(...args: Args) => unknown>();

  constructor(private readonly name: string) {}

  register(callback: (...args: Args) => unknown): { callback: typeof callback; stop(): void } {
    const bound = bindEnvironment(callback as never, `${this.name} callback`) as typeof callback;
    this.callbacks.add(bound);
    return { callback, stop: () => this.callbacks.delete(bound) };
  }

  run(...args: Args): void {
    for (const callback of [...this.callbacks]) callback(...args);
  }
}
