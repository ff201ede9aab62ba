/** Loaded before a program whose clock is to be wrong by FAULTS_CLOCK_SHIFT_MS: only its `Date` is, not the machine's. */
const shiftMs = Number(process.env.FAULTS_CLOCK_SHIFT_MS ?? 0);
const RealDate = Date;

globalThis.Date = class extends RealDate {
  constructor(...given) {
    if (given.length === 0) super(RealDate.now() + shiftMs);
    else super(...given);
  }

  static now() {
    return RealDate.now() + shiftMs;
  }

  /** A date of another realm or of before the shift is a date all the same. */
  static [Symbol.hasInstance](value) {
    return value instanceof RealDate;
  }
};
