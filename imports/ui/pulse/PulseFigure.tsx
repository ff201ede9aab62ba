import React, { useEffect, useRef } from 'react';
import { draw, type Ink, topOf } from './draw';
import type { Sample } from './sample';

/** The last minute, always moving: drawn anew with each frame, or twice a second for who wants less motion. */
export function PulseFigure({ samples, label }: { samples: readonly Sample[]; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const latest = useRef(samples);
  latest.current = samples;
  useEffect(() => {
    if (!canvas.current) return;
    return animate(canvas.current, () => latest.current);
  }, []);
  return <canvas ref={canvas} className="pulse-figure" role="img" aria-label={label} />;
}

const calmMs = 500;

function animate(canvas: HTMLCanvasElement, samples: () => readonly Sample[]): () => void {
  const pen = canvas.getContext('2d');
  const lessMotion = matchMedia('(prefers-reduced-motion: reduce)');
  let request = 0;
  let drawnAt = 0;
  let top = 0;
  const frame = (now: number) => {
    request = requestAnimationFrame(frame);
    if (!pen || (lessMotion.matches && now - drawnAt < calmMs)) return;
    drawnAt = now;
    const wanted = topOf(samples());
    top = top === 0 || lessMotion.matches ? wanted : approach(top, wanted);
    const { width, height } = sharpen(canvas, pen);
    // Half a second behind, so that the newest sample is there when its place comes into view.
    draw(pen, samples(), { width, height, now: performance.now() - calmMs, top: niceTop(top, wanted) }, inkOf(canvas));
  };
  request = requestAnimationFrame(frame);
  return () => cancelAnimationFrame(request);
}

/** A scale that changes glides to its new value. */
const approach = (value: number, target: number) => value + (target - value) * 0.12;
const niceTop = (value: number, target: number) =>
  Math.abs(value - target) < target * 0.02 ? target : Math.round(value);

/** Makes the canvas as sharp as the screen. Gives its size in CSS pixels. */
function sharpen(canvas: HTMLCanvasElement, pen: CanvasRenderingContext2D): { width: number; height: number } {
  const { clientWidth: width, clientHeight: height } = canvas;
  const scale = devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  return { width, height };
}

/** The colours of the page, looked up each time: light and dark may change under us. */
function inkOf(canvas: HTMLCanvasElement): Ink {
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  return {
    roundTrip: colour('--accent'),
    delay: colour('--second'),
    line: colour('--line'),
    text: colour('--muted'),
    burn: colour('--burn-wash'),
  };
}
