/** The fields of an event: plain, never a secret, never a payload. */
export type EventFields = Readonly<Record<string, unknown>>;

export type Listener = (name: string, fields: EventFields) => void;

/** Emits an event, without knowing the listeners. */
export type Emit = (name: string, fields: object) => void;

/**
 * Every event of a process is emitted here once: `task.done { taskType, taskId, durationMs }`.
 * The log, the metrics and the console listen.
 */
export class Events {
  private readonly listeners = new Map<string, Set<Listener>>();

  /**
   * Calls the listeners of `name`, then those of `*`, in order of registration. If one throws, the others still run.
   */
  readonly emit: Emit = (name, fields) => {
    for (const listener of [...this.of(name), ...this.of('*')]) this.tell(listener, name, fields as EventFields);
  };

  /**
   * @param name an event's name, or `*` for all.
   * @returns a function that removes the listener.
   */
  on(name: string, listener: Listener): () => void {
    const listeners = this.of(name);
    this.listeners.set(name, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  private of(name: string): Set<Listener> {
    return this.listeners.get(name) ?? new Set();
  }

  private tell(listener: Listener, name: string, fields: EventFields): void {
    try {
      listener(name, fields);
    } catch (error) {
      if (name !== 'listener.failed') this.emit('listener.failed', { of: name, error });
    }
  }
}
