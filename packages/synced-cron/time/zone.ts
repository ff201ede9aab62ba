const second = 1000;
const day = 86_400_000;
/** Offsets are looked up once per day, and cached in chunks of this many days. */
const daysPerChunk = 16;

/** A moment at which a zone's clocks are set: before it they are `before` ms ahead of UTC, from it on `after` ms. */
export interface Transition {
  at: number;
  before: number;
  after: number;
}

/** The offsets of one IANA time zone, in milliseconds, from the tables of the JavaScript engine. */
export class Zone {
  private static readonly known = new Map<string, Zone>();
  private readonly format: Intl.DateTimeFormat | undefined;
  private readonly chunks = new Map<number, Transition[]>();

  /** @param name without it: the zone of this machine, whatever its name */
  private constructor(name?: string) {
    if (name && /^(etc\/)?(utc|gmt|zulu|universal)$/i.test(name)) return;
    this.format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  }

  /** @throws RangeError when the engine knows no zone of that name. */
  static of(name: string): Zone {
    let zone = Zone.known.get(name);
    if (!zone) {
      zone = new Zone(name);
      Zone.known.set(name, zone);
    }
    return zone;
  }

  /** The zone of this machine (TZ, or the system's setting). */
  static ofMachine(): Zone {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    // Some settings (TZ="", TZ="GMT-5") have names that the engine gives but doesn't take.
    return Zone.exists(timeZone) ? Zone.of(timeZone) : new Zone();
  }

  static exists(name: unknown): name is string {
    if (typeof name !== 'string') return false;
    try {
      Zone.of(name);
      return true;
    } catch {
      return false;
    }
  }

  /** How many milliseconds the zone's clocks are ahead of UTC at that instant. */
  offsetAt(instant: number): number {
    if (!this.format) return 0;
    const whole = Math.floor(instant / second) * second;
    const part: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(whole)) part[type] = Number(value);
    const wall = Date.UTC(part.year!, part.month! - 1, part.day!, part.hour!, part.minute!, part.second!);
    return wall - whole;
  }

  /** The settings of the clocks in `from < at <= to`, in order. */
  transitions(from: number, to: number): Transition[] {
    if (!this.format) return [];
    const found: Transition[] = [];
    for (let index = chunkOf(from); index <= chunkOf(to); index++) {
      for (const transition of this.chunk(index)) {
        if (transition.at > from && transition.at <= to) found.push(transition);
      }
    }
    return found;
  }

  private chunk(index: number): Transition[] {
    let chunk = this.chunks.get(index);
    if (!chunk) {
      chunk = this.search(index * daysPerChunk * day);
      this.chunks.set(index, chunk);
    }
    return chunk;
  }

  private search(start: number): Transition[] {
    const found: Transition[] = [];
    let before = this.offsetAt(start - 1);
    for (let nth = 0; nth < daysPerChunk; nth++) {
      const from = start + nth * day - 1;
      const after = this.offsetAt(from + day);
      if (after !== before) found.push({ at: this.bisect(from, from + day, before), before, after });
      before = after;
    }
    return found;
  }

  /** The first instant after `from` at which the offset is no longer `before`; no zone changes within a second. */
  private bisect(from: number, to: number, before: number): number {
    let low = Math.floor(from / second);
    let high = Math.ceil(to / second);
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.offsetAt(middle * second) === before) low = middle;
      else high = middle;
    }
    return high * second;
  }
}

function chunkOf(instant: number): number {
  return Math.floor(instant / (daysPerChunk * day));
}
