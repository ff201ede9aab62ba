import { type Sample, spanMs } from './sample';

export interface Ink {
  roundTrip: string;
  delay: string;
  line: string;
  text: string;
  burn: string;
}

export interface Frame {
  width: number;
  height: number;
  /** performance.now() at the right edge. */
  now: number;
  /** The value at the upper edge, in milliseconds. */
  top: number;
}

const tops = [50, 100, 250, 500, 1_000, 2_500, 5_000] as const;

/** The smallest round scale that holds everything: steady while all is calm, so that calm looks calm. */
export function topOf(samples: readonly Sample[]): number {
  const highest = Math.max(0, ...samples.flatMap(({ roundTrip, delay }) => [roundTrip ?? 0, delay ?? 0]));
  return tops.find(top => highest <= top * 0.95) ?? 5_000;
}

/** Draws the last minute: when workers burned, the scale, both lines. */
export function draw(pen: CanvasRenderingContext2D, samples: readonly Sample[], frame: Frame, ink: Ink): void {
  pen.clearRect(0, 0, frame.width, frame.height);
  drawBurning(pen, samples, frame, ink.burn);
  drawScale(pen, frame, ink);
  drawLine(pen, samples, frame, ink.delay, ({ delay }) => delay);
  drawLine(pen, samples, frame, ink.roundTrip, ({ roundTrip }) => roundTrip);
}

const xOf = (at: number, { width, now }: Frame) => width - ((now - at) / spanMs) * width;
const yOf = (value: number, { height, top }: Frame) => height - 1 - (Math.min(value, top) / top) * (height - 16);

function drawBurning(pen: CanvasRenderingContext2D, samples: readonly Sample[], frame: Frame, colour: string): void {
  pen.fillStyle = colour;
  samples.forEach(({ at, burning }, index) => {
    const from = samples[index - 1]?.at;
    if (burning === 0 || from === undefined) return;
    const x = Math.floor(xOf(from, frame));
    pen.fillRect(x, 0, Math.floor(xOf(at, frame)) - x, frame.height);
  });
}

function drawScale(pen: CanvasRenderingContext2D, frame: Frame, { line, text }: Ink): void {
  pen.strokeStyle = line;
  pen.fillStyle = text;
  pen.lineWidth = 1;
  pen.font = '11px system-ui, sans-serif';
  for (const share of [0, 0.5, 1]) {
    const y = Math.round(yOf(frame.top * share, frame)) - 0.5;
    pen.beginPath();
    pen.moveTo(0, y);
    pen.lineTo(frame.width, y);
    pen.stroke();
    if (share > 0) pen.fillText(`${frame.top * share} ms`, 0, y - 4);
  }
}

function drawLine(
  pen: CanvasRenderingContext2D,
  samples: readonly Sample[],
  frame: Frame,
  colour: string,
  read: (sample: Sample) => number | undefined,
): void {
  pen.strokeStyle = colour;
  pen.lineWidth = 1.75;
  pen.lineJoin = 'round';
  pen.beginPath();
  let down = false;
  for (const sample of samples) {
    const value = read(sample);
    if (value === undefined) {
      down = false;
      continue;
    }
    const x = xOf(sample.at, frame);
    const y = yOf(value, frame);
    if (down) pen.lineTo(x, y);
    else pen.moveTo(x, y);
    down = true;
  }
  pen.stroke();
}
