import { textOf } from '../../errors/plain-error';

/** Callbacks that are called one after the other, in the order in which they came. */
export class OrderedHooks<Argument> {
  private readonly callbacks = new Set<{ run: (argument: Argument) => unknown }>();

  constructor(private readonly name: string) {}

  register(callback: (argument: Argument) => unknown): { callback: typeof callback; stop(): void } {
    const entry = { run: callback };
    this.callbacks.add(entry);
    return { callback, stop: () => void this.callbacks.delete(entry) };
  }

  /** @param call is given each of them; what it throws is the caller's */
  async each(call: (callback: (argument: Argument) => unknown) => Promise<void>): Promise<void> {
    for (const { run } of [...this.callbacks]) await call(run);
  }

  /** Tells all of them. What one throws is printed and changes nothing. */
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
