/** Which computation's function runs now: what is read now belongs to it. */
export class Current<Computation> {
  private innermost: Computation | null = null;

  get computation(): Computation | null {
    return this.innermost;
  }

  /** Runs `func` with another current computation, or with none. */
  with<T>(computation: Computation | null, func: () => T): T {
    const outer = this.innermost;
    this.innermost = computation;
    try {
      return func();
    } finally {
      this.innermost = outer;
    }
  }
}
