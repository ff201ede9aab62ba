import { textOf } from '../../errors/plain-error';

/** Callbacks that run one after the other, in the order of their registration. */
export class OrderedHooks<Argument> {
  private readonly callbacks = new Set<{ run: (argument: Argument) => unknown }>();

  constructor(private readonly name: string) {}

  register(callback: (argument: Argument) => unknown): { callback: typeof callback; stop(): void } {
    const entry = { run: callback };
    this.callbacks.add(entry);
    return { callback, stop: () => void this.callbacks.delete(entry) };
  }

  /** @param call runs one callback; what it throws ends the loop */
  async each(call: (callback: (argument: Argument) => unknown) => Promise<void>): Promise<void> {
    for (const { run } of [...this.callbacks]) await call(run);
  }

  /** Runs all callbacks. An error is printed, and the others still run. */
  tell(makeArgument: () => Argument | Promise<Argument>): Promise<void> {
    return this.each(async callback => {
      try {
        await callback(await makeArgument());
      } catch (error) {
        console.error(`Exception in ${this.name} callback:`, textOf(error));
      }
    });
  }
}
