import { bytes, count, ms, plural, seconds } from '../../../imports/ui/format';
import { draw, type Frame, topOf } from '../../../imports/ui/pulse/draw';
import { isCalm, type Sample } from '../../../imports/ui/pulse/sample';

const sample = (at: number, roundTrip: number | undefined, burning = 0): Sample => ({
  at,
  roundTrip,
  delay: roundTrip,
  burning,
});

describe('the scale of the figure', () => {
  test('is the same for all that is calm', () => {
    expect(topOf([])).toBe(50);
    expect(topOf([sample(0, 1), sample(1, 40)])).toBe(50);
  });

  test('holds the highest value, whatever it is', () => {
    expect(topOf([sample(0, 70)])).toBe(100);
    expect(topOf([sample(0, undefined), sample(1, 99)])).toBe(250);
    expect(topOf([sample(0, 60_000)])).toBe(5_000);
  });
});

test('calm is who answers at once, and whose event loop is not late', () => {
  const three = (roundTrip: number | undefined, delay: number) =>
    Array.from({ length: 3 }, (_, at): Sample => ({ at, roundTrip, delay, burning: 0 }));
  expect([[], three(2, 3), three(99, 99)].map(isCalm)).toEqual([true, true, true]);
  expect([three(2, 300), three(300, 2), three(undefined, 300)].map(isCalm)).toEqual([false, false, false]);
  expect(isCalm([...three(2, 3), ...three(2, 300).slice(1)])).toBe(true);
});

describe('the figure', () => {
  const frame: Frame = { width: 600, height: 200, now: 60_000, top: 50 };
  const ink = { roundTrip: 'green', delay: 'brown', line: 'grey', text: 'grey', burn: 'sand' };

  /** Notes what is drawn, by name and numbers. */
  function drawn(samples: Sample[]): [string, ...unknown[]][] {
    const calls: [string, ...unknown[]][] = [];
    const pen = new Proxy(
      {},
      {
        get:
          (_, name) =>
          (...args: unknown[]) =>
            calls.push([String(name), ...args]),
        set: () => true,
      },
    );
    draw(pen as CanvasRenderingContext2D, samples, frame, ink);
    return calls;
  }

  test('interrupts its line where no answer came', () => {
    const lines = drawn([sample(10_000, 1), sample(20_000, 2), sample(30_000, undefined), sample(40_000, 3)]);
    const scale = 3;
    expect(lines.filter(([name]) => name === 'moveTo')).toHaveLength(scale + 2 * 2);
    expect(lines.filter(([name]) => name === 'lineTo')).toHaveLength(scale + 2 * 1);
  });

  test('shades when workers burned, without a gap between two looks', () => {
    const shades = drawn([sample(10_000, 1), sample(20_000, 1, 4), sample(30_000, 1, 4), sample(40_000, 1)]);
    expect(shades.filter(([name]) => name === 'fillRect')).toEqual([
      ['fillRect', 100, 0, 100, 200],
      ['fillRect', 200, 0, 100, 200],
    ]);
  });
});

test('writes numbers as people read them where they are', () => {
  const here = (n: number) => n.toLocaleString();
  expect([count(200_000), plural(1, 'row'), plural(2, 'row')]).toEqual([here(200_000), '1 row', '2 rows']);
  expect([bytes(999), bytes(61_234), bytes(1_834_567)]).toEqual(['999 B', '61 kB', `${here(1.8)} MB`]);
  expect([ms(0.44), ms(9.94), ms(9.96), ms(1_234)]).toEqual([here(0.4), here(9.9), '10', here(1_234)]);
  expect([seconds(42), seconds(300)]).toEqual(['42 s', '5 min']);
});
