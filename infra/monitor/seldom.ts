/**
 * Lets something be said once in a while, with the number of times that it was held back: whoever knocks a thousand
 * times a second writes no thousand lines.
 */
export class Seldom {
  private saidAt = Number.NEGATIVE_INFINITY;
  private heldBack = 0;

  constructor(
    private readonly everyMs: number,
    private readonly say: (fields: object) => void,
    private readonly now: () => number = () => performance.now(),
  ) {}

  tell(fields: object): void {
    if (this.now() - this.saidAt < this.everyMs) {
      this.heldBack += 1;
      return;
    }
    this.say(this.heldBack > 0 ? { ...fields, alsoHeldBack: this.heldBack } : fields);
    this.saidAt = this.now();
    this.heldBack = 0;
  }
}
